// Keeps one whole build of the portal on the device, so that it opens without a connection.
// It stores the files of the build and nothing else: no answer of an index, a gateway or a node ever goes into a cache.
// Who is online gets the page from the server, so nobody is held on an old build; the stored one is for when it does not answer.

/** Filled in by the build: what the portal consists of, each file with its SHA-256 (Subresource Integrity). */
declare const FILES: readonly { readonly path: string; readonly integrity: string }[];
/** Hash of all of them. */
declare const VERSION: string;

const worker = self as unknown as ServiceWorkerGlobalScope;
const PREFIX = "portal-";
const CACHE = PREFIX + VERSION;
const FRONT = "/index.html";
/** The server's own addresses, which are not pages of the portal. */
const SERVED = ["/api/", "/gateway/", "/rpc", "/healthz", "/metrics"];
/** A server that has not begun to answer after this long is treated as not there. */
const PATIENCE_MS = 4_000;
/** The build in use, and the one before it: windows that are still open may load the rest of theirs. */
const KEPT_BUILDS = 2;

/** All files, or none: one that is not the file of this build fails the whole before anything is stored, and the old build stays. */
async function install(): Promise<void> {
  const answers = await Promise.all(
    FILES.map(async ({ path, integrity }) => {
      const answer = await fetch(path, { cache: "no-cache", credentials: "omit", integrity });
      if (!answer.ok || answer.redirected) throw new Error(`${path}: ${answer.status}`);
      return { path, answer };
    }),
  );
  try {
    const cache = await caches.open(CACHE);
    await Promise.all(answers.map(({ path, answer }) => cache.put(path, answer)));
  } catch (failure) {
    await caches.delete(CACHE); // no room: half a build is of no use
    throw failure;
  }
  await worker.skipWaiting();
}

async function activate(): Promise<void> {
  const older = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(older.slice(0, Math.max(0, older.length - (KEPT_BUILDS - 1))).map((name) => caches.delete(name)));
  await worker.clients.claim();
}

async function stored(path: string): Promise<Response | undefined> {
  const newest = await (await caches.open(CACHE)).match(path, { ignoreVary: true });
  return newest ?? (await caches.match(path, { ignoreVary: true }));
}

async function page(request: Request): Promise<Response> {
  const asked = fetch(request);
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), PATIENCE_MS));
  const answer = await Promise.race([asked, late]).catch(() => null);
  if (answer !== null && answer.status < 500) return answer;
  return (await stored(FRONT)) ?? (await asked);
}

worker.addEventListener("install", (event) => event.waitUntil(install()));
worker.addEventListener("activate", (event) => event.waitUntil(activate()));
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== worker.location.origin) return;
  if (SERVED.some((path) => pathname === path || pathname.startsWith(path.endsWith("/") ? path : `${path}/`))) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (pathname.startsWith("/assets/") || FILES.some((file) => file.path === pathname)) event.respondWith(stored(pathname).then((found) => found ?? fetch(request)));
});
