// What another machine is asked to sign, while a person carries it there and back. One thing at a time.
import { type AskElsewhere, PortFailure, type SignatureWanted } from "../../../ports";
import type { CheckedSignature } from "../../../wallet/elsewhere/request";

interface Pending {
  readonly wanted: SignatureWanted;
  readonly done: (signature: CheckedSignature) => void;
  readonly failed: (failure: PortFailure) => void;
}

export class Asking {
  #pending = $state.raw<Pending | null>(null);

  get wanted(): SignatureWanted | null {
    return this.#pending?.wanted ?? null;
  }

  ask: AskElsewhere = (wanted) => {
    this.stop();
    return new Promise((done, failed) => (this.#pending = { wanted, done, failed }));
  };

  /** Takes an answer; fails with a `WireError` when it is not the one that is waited for, which still is. */
  answer = async (text: string): Promise<void> => {
    const pending = this.#pending;
    if (pending === null) return;
    const signature = await pending.wanted.check(text);
    if (this.#pending === pending) this.#pending = null;
    pending.done(signature);
  };

  stop = (): void => this.#end("signing-stopped");
  late = (): void => this.#end("signing-late");

  #end(code: "signing-stopped" | "signing-late"): void {
    const pending = this.#pending;
    this.#pending = null;
    pending?.failed(new PortFailure(code, ""));
  }
}

export const asking = new Asking();
