import type { IndexApi } from "../api/index-api";
import type { NetworkInfo } from "../api/types";
import type { DeskSession, OfficerKey, Ports, Wallet } from "../ports";

/** What the screens work with. Put in place once, before the first page is drawn. */
export interface World {
  index: IndexApi;
  ports: Ports;
  /** true for the drawings without a server (`npm run mock`) and in tests */
  mock: boolean;
}

let world: World | null = null;

export function install(next: World): void {
  world = next;
}

export function here(): World {
  if (!world) throw new Error("install() a world before drawing a page");
  return world;
}

export interface OfficerSession {
  /** as the agency knows them */
  name: string;
  /** what decisions are signed by; null until the officer brings it */
  key: OfficerKey | null;
  desk: DeskSession;
  gateway: string;
  organisation: string;
}

let wallet = $state.raw<Wallet | null>(null);
let lockedIdle = $state(false);
let takenIn = $state(0);
let officer = $state.raw<OfficerSession | null>(null);
let elder = $state(false);
let network: Promise<NetworkInfo> | null = null;

export const session = {
  get wallet(): Wallet | null {
    return wallet;
  },
  set wallet(next: Wallet | null) {
    wallet = next;
    lockedIdle = false;
    next?.onTakenIn(() => takenIn++);
    next?.onLocked((isIdle) => {
      if (wallet !== next) return;
      wallet = null;
      lockedIdle = isIdle;
    });
  },
  /** The wallet locked itself because nobody used it; until the next one is opened. */
  get lockedIdle(): boolean {
    return lockedIdle;
  },
  /** Grows when something came from another device of this person: what is shown of the wallet is read again. */
  get takenIn(): number {
    return takenIn;
  },
  get officer(): OfficerSession | null {
    return officer;
  },
  set officer(next: OfficerSession | null) {
    officer = next;
  },
  get elder(): boolean {
    return elder;
  },
};

/** The network as the index tells it; asked once, and again after a failure. */
export function networkInfo(): Promise<NetworkInfo> {
  network ??= here()
    .index.network()
    .catch((error: unknown) => {
      network = null;
      throw error;
    });
  return network;
}

const ELDER = "zhengtong.elder";

export function setElder(yes: boolean): void {
  elder = yes;
  document.documentElement.toggleAttribute("data-elder", yes);
  try {
    localStorage.setItem(ELDER, yes ? "1" : "0");
  } catch {
    // private mode: the choice lasts for this visit
  }
}

export function restoreElder(): void {
  try {
    setElder(localStorage.getItem(ELDER) === "1");
  } catch {
    setElder(false);
  }
}
