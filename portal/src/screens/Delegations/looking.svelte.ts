/** One look at all keys under all delegations, for every page that shows cases: made once, shared, and kept up to date. */
import { here } from "../../app/here.svelte";
import { t } from "../../i18n/index.svelte";
import type { Wallet } from "../../ports";

interface Looks {
  running: Promise<void> | null;
  /** one has ended well */
  done: boolean;
}

class Looking {
  #progress = $state.raw<{ looked: number; all: number } | null>(null);
  /** By wallet: the next one that is opened, or the same one opened again, looks anew. */
  readonly #looks = new WeakMap<Wallet, Looks>();

  /** What to say while a page waits for it; undefined where there is nothing to count. */
  get label(): string | undefined {
    return this.#progress === null ? undefined : t("acting.looking", this.#progress);
  }

  /** Every case that is open by now is in the wallet afterwards: what is said to be complete rests on it. */
  async upToDate(wallet: Wallet): Promise<void> {
    const looks = this.#of(wallet);
    await (looks.running ??= this.#look(wallet, looks));
  }

  /** Waits for the first look of this wallet; later the page is drawn from what is kept, and told if there turned out to be more. */
  async first(wallet: Wallet, more: () => void): Promise<void> {
    if (!this.#of(wallet).done) return await this.upToDate(wallet);
    const { length } = await wallet.keptCases();
    const later = async (): Promise<void> => {
      await this.upToDate(wallet);
      if ((await wallet.keptCases()).length > length) more();
    };
    // What it missed is looked for by the next page.
    void later().catch(() => undefined);
  }

  #of(wallet: Wallet): Looks {
    const looks = this.#looks.get(wallet) ?? { running: null, done: false };
    this.#looks.set(wallet, looks);
    return looks;
  }

  async #look(wallet: Wallet, looks: Looks): Promise<void> {
    try {
      await here().ports.delegations.findCases(wallet, (looked, all) => (this.#progress = { looked, all }));
      looks.done = true;
    } finally {
      this.#progress = null;
      looks.running = null;
    }
  }
}

export const looking = new Looking();
