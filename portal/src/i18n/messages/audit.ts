import type { Pair } from ".";

export const audit = {} as const satisfies Record<string, Pair>;
