/** The copy of the portal that the service worker keeps on the device (worker/service-worker.ts). */
const WORKER = "/sw.js";
/** A window that stays open looks for a new build so often. */
const LOOK_EVERY_MS = 60 * 60 * 1000;

/** Chromium's event: the portal can be put on the home screen. */
interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

let newer = $state(false);
let prompt = $state.raw<InstallPrompt | null>(null);

export const installed = {
  /** a newer build is on the device than this window runs */
  get newer(): boolean {
    return newer;
  },
  get canInstall(): boolean {
    return prompt !== null;
  },
  async install(): Promise<void> {
    const asked = prompt;
    prompt = null;
    await asked?.prompt();
  },
};

/** The script of this window; its name follows from its content. */
const script = (): string => new URL(document.querySelector<HTMLScriptElement>('script[type="module"]')?.src ?? "/", location.href).pathname;

/** Whether the build on the device is another than the one in this window: its front page names another script. */
async function look(): Promise<void> {
  const front = await fetch("/index.html").then((answer) => answer.text(), () => null);
  newer = front !== null && !front.includes(script());
}

export async function keepOnDevice(): Promise<void> {
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    prompt = event as InstallPrompt;
  });
  addEventListener("appinstalled", () => (prompt = null));
  if (!("serviceWorker" in navigator)) return;
  const { serviceWorker } = navigator;
  serviceWorker.addEventListener("controllerchange", () => void look());
  // Without it the portal works as before, with a connection.
  const registration: ServiceWorkerRegistration | undefined = await serviceWorker.register(WORKER, { updateViaCache: "none" }).catch(() => undefined);
  if (registration) setInterval(() => void registration.update().catch(() => undefined), LOOK_EVERY_MS);
}
