/** The check of a case: the bundle's proofs, the package, then the page against them. */
import { here, networkInfo } from "../../app/here.svelte";
import { pin, type Pinned } from "../../app/pinned";
import type { CaseView } from "../../api/types";
import type { Hex, Json, Proven, VerifyStep } from "../../ports";
import { t } from "../../i18n/index.svelte";
import type { ServicePackage } from "../../package/types";
import { compare } from "./compare";

export interface CheckStep extends Omit<VerifyStep, "kind"> {
  kind: VerifyStep["kind"] | "shown";
}

export interface CheckResult {
  ok: boolean;
  steps: CheckStep[];
  tookMs: number;
  key: Pinned;
  bundle: Json;
}

/** What the page shows at the moment. */
export interface Shown {
  view: CaseView;
  pack: ServicePackage;
}

/** A case moves while it is looked at: parts of two moments do not fit. They are loaded anew so often before they are called wrong. */
const TRIES = 3;
const PAUSE_MS = 400;
const MAY_BE_OF_TWO_MOMENTS: readonly CheckStep["kind"][] = ["completeness", "replay", "shown"];

/** Checks what the page shows. `reload` brings the page up to date. */
export async function checkCase(shown: () => Shown, reload: () => Promise<void>): Promise<CheckResult> {
  for (let tries = 1; ; tries++) {
    const result = await checkOnce(shown());
    const isLasting = result.steps.some(({ ok, kind }) => !ok && !MAY_BE_OF_TWO_MOMENTS.includes(kind));
    if (result.ok || isLasting || tries === TRIES) return result;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    await reload();
  }
}

async function checkOnce({ view, pack }: Shown): Promise<CheckResult> {
  const { index, ports } = here();
  const { key, matches } = pin(await networkInfo(), localStorage, Date.now());
  const bundle = await index.bundle(view.id);
  const { proven, steps: proofs, tookMs } = await ports.verifier.verifyBundle(bundle, key.publicKey as Hex);
  const network: CheckStep[] = matches ? [] : [{ kind: "network", ok: false, subject: "", detail: t("proof.keyChanged") }];
  const published = await ports.verifier.verifyPackage(view.service, view.version, pack.files);
  const steps = [...network, ...proofs, published, ...(proven ? compareSteps(view, proven) : [])];
  return { ok: proven !== null && steps.every((step) => step.ok), steps, tookMs: Math.round(tookMs), key, bundle };
}

function compareSteps(view: CaseView, proven: Proven): CheckStep[] {
  const differences = compare(view, proven);
  if (differences.length === 0) return [{ kind: "shown", ok: true, subject: "", detail: "" }];
  return differences.map(({ field, shown, proven: real }) => ({ kind: "shown" as const, ok: false, subject: field, detail: t("proof.field", { shown, proven: real }) }));
}
