// Trying again, a bounded number of times, with growing waits. Only for requests that may be repeated.
import { PortFailure } from "../ports";

export interface RetryPolicy {
  readonly attempts: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
}

/** About half a minute in all. */
export const PATIENT: RetryPolicy = { attempts: 8, firstWaitMs: 250, longestWaitMs: 8_000 };

export type Sleep = (ms: number) => Promise<void>;
export const sleep: Sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Repeats while the server cannot be reached; any other failure is final. */
export async function retried<T>(work: () => Promise<T>, policy: RetryPolicy = PATIENT, wait: Sleep = sleep): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (failure) {
      const isPassing = failure instanceof PortFailure && failure.code === "offline";
      if (!isPassing || attempt >= policy.attempts) throw failure;
      await wait(Math.min(policy.firstWaitMs * 2 ** (attempt - 1), policy.longestWaitMs));
    }
  }
}
