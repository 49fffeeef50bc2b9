// Locks an open wallet that nobody uses.

/** A wallet left alone for this long is locked. */
export const IDLE_LIMIT_MS = 15 * 60 * 1000;

export interface Timers {
  set(callback: () => void, ms: number): unknown;
  clear(handle: unknown): void;
}

const platformTimers: Timers = {
  set: (callback, ms) => setTimeout(callback, ms),
  clear: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
};

/** Calls `lock` once, when `touch` was not called for the limit. */
export class IdleLock {
  readonly #lock: () => void;
  readonly #limitMs: number;
  readonly #timers: Timers;
  #handle: unknown = null;

  constructor(lock: () => void, limitMs = IDLE_LIMIT_MS, timers: Timers = platformTimers) {
    this.#lock = lock;
    this.#limitMs = limitMs;
    this.#timers = timers;
    this.touch();
  }

  touch(): void {
    this.stop();
    this.#handle = this.#timers.set(() => {
      this.#handle = null;
      this.#lock();
    }, this.#limitMs);
  }

  stop(): void {
    if (this.#handle !== null) this.#timers.clear(this.#handle);
    this.#handle = null;
  }
}

/** Counts what a person does on the page as use; answers how to stop. */
export function watchActivity(target: EventTarget, touch: () => void): () => void {
  const events = ["pointerdown", "keydown", "visibilitychange"];
  for (const event of events) target.addEventListener(event, touch, { passive: true });
  return () => {
    for (const event of events) target.removeEventListener(event, touch);
  };
}
