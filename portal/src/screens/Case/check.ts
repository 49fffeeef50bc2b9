/** The check of a case: the bundle's proofs, then the page against them. */
import { here, networkInfo } from "../../app/here.svelte";
import { pin, type Pinned } from "../../app/pinned";
import type { CaseView } from "../../api/types";
import type { Json, VerifyStep } from "../../ports";
import { t } from "../../i18n/index.svelte";
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

export async function checkCase(view: CaseView, shownField: (shown: string, proven: string) => string): Promise<CheckResult> {
  const { index, ports } = here();
  const { key, matches } = pin(await networkInfo(), localStorage, Date.now());
  const bundle = await index.bundle(view.id);
  const result = await ports.verifier.verifyBundle(bundle, key.publicKey as `0x${string}`);
  const network: CheckStep[] = matches ? [] : [{ kind: "network", ok: false, subject: "", detail: t("proof.keyChanged") }];
  const shown = result.proven ? compareSteps(view, result.proven, shownField) : [];
  const steps = [...network, ...result.steps, ...shown];
  return { ok: result.ok && result.proven !== null && steps.every((step) => step.ok), steps, tookMs: Math.round(result.tookMs), key, bundle };
}

function compareSteps(view: CaseView, proven: Parameters<typeof compare>[1], shownField: (shown: string, proven: string) => string): CheckStep[] {
  const differences = compare(view, proven);
  if (differences.length === 0) return [{ kind: "shown", ok: true, subject: "", detail: "" }];
  return differences.map(({ field, shown, proven: real }) => ({ kind: "shown" as const, ok: false, subject: field, detail: shownField(shown, real) }));
}
