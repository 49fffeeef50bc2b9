import type { Pair } from ".";

export const desk = {} as const satisfies Record<string, Pair>;
