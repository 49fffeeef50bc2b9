/** The story of a case, step by step, from its public events. Pure. */
import type { CaseEvent, CaseView } from "../../api/types";
import type { MessageKey } from "../../i18n/index.svelte";
import { predicatesOf } from "../../package/words";
import type { ServicePackage } from "../../package/types";
import { NO_ROW } from "../../rules/evaluate";

export interface Entry {
  id: string;
  state: "done" | "now" | "next" | "bad";
  key: MessageKey;
  /** organisation that the title names */
  provider?: string;
  at: number | null;
  /** facts that were answered in this step */
  facts?: { predicate: string; value: number | null }[];
  /** row of the rules that the note is about */
  row?: number;
  note?: { key: MessageKey; params?: Record<string, string | number> };
  defects?: string[];
}

const seconds = (event: CaseEvent) => Math.floor(event.block_time_ms / 1000);
const text = (value: unknown) => (typeof value === "string" ? value : "");
const ZERO_ADDRESS = /^0x0{40}$/;

export function timeline(view: CaseView, pack: ServicePackage): Entry[] {
  const entries: Entry[] = [];
  let judged = false;
  for (const event of view.events) {
    const entry = (key: MessageKey, more: Partial<Entry> = {}): void => void entries.push({ id: `${event.block_number}-${event.log_index}`, state: "done", key, at: seconds(event), ...more });
    const args = event.args as Record<string, unknown>;
    if (event.name === "CaseOpened") entry("timeline.opened");
    else if (event.name === "FactsAttested") {
      const provider = text(args["provider"]);
      const asked = predicatesOf(pack, Number(args["mask"] ?? 0)).map((predicate) => predicate.id);
      const facts = view.facts.filter((fact) => asked.includes(fact.predicate)).map((fact) => ({ predicate: fact.predicate, value: fact.value ?? null }));
      const last = entries.at(-1);
      // an agency with two bases answers twice; that is one step for the reader
      if (last?.provider === provider && last.key === "timeline.answered") last.facts = [...(last.facts ?? []), ...facts];
      else entry("timeline.answered", { provider, facts });
    } else if (event.name === "ReviewRequested") {
      const row = Number(args["row"] ?? NO_ROW);
      entry("timeline.rules", { id: `rules-${event.block_number}`, ...(row === NO_ROW ? { note: { key: "timeline.rulesNone" } } : pointed(row)) });
      const cause = text(args["cause"]);
      entry("timeline.review", { note: { key: `cause.${cause || view.cause || "unknown"}` as MessageKey } });
      judged = true;
    } else if (event.name === "SupplementRequested") entry("timeline.supplementRequested", { defects: defectsOf(args["defects"]) });
    else if (event.name === "Supplemented") entry("timeline.supplemented");
    else if (event.name === "Decided") {
      judged = true;
      const officer = text(args["officer"]);
      const byRules = officer === "" || ZERO_ADDRESS.test(officer);
      const refused = args["outcome"] === "refuse";
      entry(byRules ? "timeline.decided.rules" : refused ? "timeline.decided.refuse" : "timeline.decided.approve", {
        state: refused ? "bad" : "done",
        ...(byRules ? pointed(Number(args["row"] ?? 0)) : {}),
      });
    } else if (event.name === "CredentialIssued") entry("timeline.credential");
    else if (event.name === "Appealed") entry("timeline.appealed");
    else if (event.name === "Escalated") entry("timeline.escalated");
    else if (event.name === "Closed") entry("timeline.closed");
  }
  return [...entries, ...ahead(view, judged)];
}

function pointed(row: number): Pick<Entry, "row" | "note"> {
  return { row, note: { key: "timeline.rulesRow", params: { row: row + 1 } } };
}

function defectsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(text).filter((code) => code !== "") : [];
}

/** What is going on now and what comes next. */
function ahead(view: CaseView, judged: boolean): Entry[] {
  const step = (id: string, state: Entry["state"], key: MessageKey, provider?: string): Entry => ({ id, state, key, at: null, ...(provider ? { provider } : {}) });
  switch (view.status) {
    case "asking": {
      const waiting = [...new Set(view.facts.filter((fact) => fact.state === "asked").map((fact) => fact.provider))];
      return [...waiting.map((provider) => step(`ask-${provider}`, "now", "timeline.asked", provider)), ...(judged ? [] : [step("rules", "next", "timeline.rules")]), step("result", "next", "timeline.result")];
    }
    case "review":
      return [step("officer", "now", "timeline.waitingOfficer"), step("result", "next", "timeline.result")];
    case "supplement":
      return [step("you", "now", "timeline.waitingYou"), step("officer", "next", "timeline.waitingOfficer"), step("result", "next", "timeline.result")];
    case "approved":
      return view.credential ? [] : [step("credential", "now", "timeline.credentialNext")];
    default:
      return [];
  }
}
