/** How often a page looks whether another device asked, or answered. */
export const ASKING_EVERY_MS = 4_000;
