import type { Pair } from ".";

export const apply = {} as const satisfies Record<string, Pair>;
