import type { PortFailure } from "../ports";
import { asFailure } from "./load.svelte";

/** One thing a person does: busy while it runs, with its failure afterwards. A second press while busy does nothing. */
export class Action {
  busy = $state(false);
  failure = $state.raw<PortFailure | null>(null);

  async run(work: () => Promise<void>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.failure = null;
    try {
      await work();
      return true;
    } catch (error) {
      this.failure = asFailure(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
