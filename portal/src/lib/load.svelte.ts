import { untrack } from "svelte";
import { PortFailure } from "../ports";

export type Phase = "loading" | "failed" | "done";

/** One thing that is loaded: where it stands, what came, or what went wrong. Late answers of an older run are dropped. */
export class Load<T> {
  phase = $state<Phase>("loading");
  value = $state.raw<T | null>(null);
  failure = $state.raw<PortFailure | null>(null);
  #run = 0;
  #source: (() => Promise<T>) | null = null;

  /** Starts over with another source; the old value is kept on screen if `keep`. */
  from(source: () => Promise<T>, keep = false): void {
    this.#source = source;
    // inside an effect, starting must not make the effect depend on what it starts
    untrack(() => void this.#start(keep));
  }

  /** Tries the same source again. */
  again = (): void => {
    void this.#start(false);
  };

  /** Reads the same source without showing that it is loading; a failure leaves the old value in place. */
  refresh = async (): Promise<void> => {
    await this.#start(true);
  };

  async #start(keep: boolean): Promise<void> {
    if (!this.#source) return;
    const run = ++this.#run;
    if (!keep || this.value === null) this.phase = "loading";
    try {
      const value = await this.#source();
      if (run !== this.#run) return;
      this.value = value;
      this.failure = null;
      this.phase = "done";
    } catch (error) {
      if (run !== this.#run) return;
      if (keep && this.value !== null) return;
      this.failure = asFailure(error);
      this.phase = "failed";
    }
  }
}

export function asFailure(error: unknown): PortFailure {
  return error instanceof PortFailure ? error : new PortFailure("bad-answer", error instanceof Error ? error.message : String(error));
}
