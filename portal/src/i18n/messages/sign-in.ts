import type { Pair } from ".";

export const signIn = {} as const satisfies Record<string, Pair>;
