import type { Pair } from ".";

export const check = {} as const satisfies Record<string, Pair>;
