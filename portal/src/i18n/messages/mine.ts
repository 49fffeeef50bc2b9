import type { Pair } from ".";

export const mine = {} as const satisfies Record<string, Pair>;
