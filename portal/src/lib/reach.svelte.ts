/** Whether the portal's server answers, as its last request found. */
let offline = $state(typeof navigator === "object" && navigator.onLine === false);

export const reach = {
  get offline(): boolean {
    return offline;
  },
};

/**
 * Does something once the connection is back, where it is lost as a component is made. Only a connection that was lost can come
 * back: what fails for another reason waits for the person.
 */
export function onceReached(work: () => void): void {
  const wasOffline = offline;
  $effect(() => {
    if (wasOffline && !offline) work();
  });
}

/** `fetch`, and what it tells about the connection; answers of any status are answers. */
export async function watchedFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  try {
    const answer = await fetch(input, init);
    offline = false;
    return answer;
  } catch (failure) {
    offline = true;
    throw failure;
  }
}

/** How often a server that did not answer is asked again. */
const AGAIN_MS = 10_000;

/** Follows the device's connection; answers how to stop. */
export function watchConnection(path = "/healthz"): () => void {
  const ask = (): void => void watchedFetch(path, { method: "HEAD", cache: "no-store" }).catch(() => undefined);
  const lost = (): void => void (offline = true);
  addEventListener("offline", lost);
  addEventListener("online", ask);
  const timer = setInterval(() => offline && ask(), AGAIN_MS);
  return () => {
    removeEventListener("offline", lost);
    removeEventListener("online", ask);
    clearInterval(timer);
  };
}
