/** How often an open wallet looks whether somebody is recovering it, while its page is in sight. */
export const PENDING_EVERY_MS = 5_000;
