/** How often an open wallet looks whether other devices of it did something that its owner has to know. */
export const NEWS_EVERY_MS = 30_000;
/** How often an open wallet looks whether somebody is recovering it, while its page is in sight: a recovery takes three days. */
export const PENDING_EVERY_MS = 15_000;
