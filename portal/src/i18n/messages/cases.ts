import type { Pair } from ".";

export const cases = {} as const satisfies Record<string, Pair>;
