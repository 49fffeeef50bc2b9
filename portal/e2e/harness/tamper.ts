// A server that changes one byte of what it sends.
import type { Page, Route } from "playwright-core";
import type { MessageKey } from "../../src/i18n/messages";

type Json = Record<string, unknown>;

/** Answers that a case's page is made from. */
const ANSWERS = {
  bundle: (id: string) => `**/api/v1/cases/${id}/bundle`,
  case: (id: string) => `**/api/v1/cases/${id}`,
  package: () => "**/api/v1/services/old-age-allowance",
} as const;

export interface Change {
  readonly what: string;
  /** Which answer is changed. */
  readonly of: keyof typeof ANSWERS;
  readonly change: (body: Json) => void;
  /** One of these steps must be named as the one that fails. */
  readonly says: readonly MessageKey[];
}

/** Flips one bit in the middle of a hex text. */
export function flip(hex: string, at = Math.floor(hex.length / 2)): string {
  const index = Math.max(2, at);
  const digit = Number.parseInt(hex[index] ?? "0", 16) ^ 1;
  return hex.slice(0, index) + digit.toString(16) + hex.slice(index + 1);
}

function flipIn(holder: Json | unknown[], key: string | number): void {
  const record = holder as Record<string | number, unknown>;
  const value = record[key];
  if (typeof value !== "string") throw new Error(`${String(key)} is not there to be changed`);
  record[key] = flip(value);
}

const first = (body: Json): { finality: Json & { headers: unknown[] } } & Json => (body["receipts"] as never[])[0] as never;
const state = (body: Json): Json => body["state"] as Json;

const facts = (body: Json): Json[] => body["facts"] as Json[];
const rows = (body: Json): Json[] => ((body["package"] as Json)["rules.json"] as Json)["rows"] as Json[];

function flipText(texts: Json, key: string): void {
  const text = String(texts[key]);
  texts[key] = text.slice(0, -1) + String.fromCharCode(text.charCodeAt(text.length - 1) ^ 1);
}

/** One byte of each part of a case's proof, and of what the page shows. */
export const CHANGES: readonly Change[] = [
  { what: "certificate", of: "bundle", change: (body) => flipIn(first(body).finality, "certificate"), says: ["proof.kind.certificate"] },
  { what: "header", of: "bundle", change: (body) => flipIn(first(body).finality.headers, 0), says: ["proof.kind.header", "proof.kind.certificate"] },
  { what: "receipt", of: "bundle", change: (body) => flipIn(first(body), "receipt"), says: ["proof.kind.receipt"] },
  { what: "receipt proof node", of: "bundle", change: (body) => flipIn(first(body)["proof"] as unknown[], 0), says: ["proof.kind.receipt"] },
  { what: "state proof", of: "bundle", change: (body) => flipIn(((state(body)["slots"] as Json[])[0] as Json)["proof"] as Json, "data"), says: ["proof.kind.state"] },
  { what: "state value", of: "bundle", change: (body) => flipIn((state(body)["slots"] as Json[])[1] as Json, "value"), says: ["proof.kind.state"] },
  { what: "rule set", of: "bundle", change: (body) => flipIn(body, "rule_set"), says: ["proof.kind.replay"] },
  { what: "a receipt left out", of: "bundle", change: (body) => void (body["receipts"] as unknown[]).splice(1, 1), says: ["proof.kind.completeness"] },
  { what: "amount shown", of: "case", change: (body) => void ((body["decision"] as Json)["amount_fen"] = 7_501), says: ["proof.kind.shown"] },
  { what: "fact shown", of: "case", change: (body) => void (facts(body)[0]!["value"] = 0), says: ["proof.kind.shown"] },
  { what: "fact beyond its range", of: "case", change: (body) => void (facts(body)[1]!["value"] = 64_000), says: ["proof.kind.shown"] },
  { what: "status shown", of: "case", change: (body) => void (body["status"] = "approvec"), says: ["proof.kind.shown"] },
  { what: "time shown", of: "case", change: (body) => void (body["promised_by"] = 1e18), says: ["proof.kind.shown"] },
  { what: "use shown", of: "case", change: (body) => flipIn((body["uses"] as Json[])[0] as Json, "ciphertext"), says: ["proof.kind.shown"] },
  { what: "text of the package", of: "package", change: (body) => flipText((body["package"] as Json)["texts/zh-CN.json"] as Json, "service.title"), says: ["proof.kind.package"] },
  { what: "rule of the package", of: "package", change: (body) => void (rows(body)[0]!["amount"] = { fen: 7_501, per: "month" }), says: ["proof.kind.package"] },
];

/** Changes every answer of one kind on its way to the page; answers how to stop. */
export async function tamper(page: Page, id: string, change: Change): Promise<() => Promise<void>> {
  const pattern = ANSWERS[change.of](id);
  const handle = async (route: Route): Promise<void> => {
    const response = await route.fetch();
    const body = (await response.json()) as Json;
    change.change(body);
    await route.fulfill({ response, json: body });
  };
  await page.route(pattern, handle);
  return () => page.unroute(pattern, handle);
}
