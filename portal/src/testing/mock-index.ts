import type { IndexApi } from "../api/index-api";
import type { CaseStatus, Statistics } from "../api/types";
import { PortFailure } from "../ports";
import { type MockCases, mockHash, OFFICER, OTHER_OFFICER } from "./mock-cases";
import { items, packageFolders, packages } from "./packages";
import { residents } from "./residents";

const PER_PAGE = 20;
const AGENCIES = ["public-security", "civil-affairs", "human-resources", "disabled-federation", "health"];
const NAMES = ["公安", "民政", "人社", "残联", "卫健"];

export function mockIndex(cases: MockCases): IndexApi {
  const page = <T>(all: T[], at: number) => ({ total: all.length, page: at, per_page: PER_PAGE, items: all.slice((at - 1) * PER_PAGE, at * PER_PAGE) });
  const rows = () => [...cases.all.values()].sort((a, b) => b.opened_at - a.opened_at);
  return {
    network: async () => ({
      chain_id: 20260,
      name: "zhengtong-dev",
      public_key: mockHash("network", 96),
      namespace: mockHash("namespace", 8),
      genesis_hash: mockHash("genesis"),
      validators: 1,
      threshold: 1,
      contracts: Object.fromEntries(["registry", "statutes", "rules", "services", "consents", "uses", "cases", "credentials"].map((name) => [name, mockHash(name, 20)])),
      version: "0.1.0",
      block_number: 4211,
      block_time_ms: Date.now(),
      organisations: AGENCIES.map((slug, i) => ({ slug, name: NAMES[i] ?? slug, attester: mockHash(slug, 20), roles: i === 0 ? 5 : i === 1 ? 11 : 1, encryption_key: mockHash(`${slug}/key`), gateway: `/gateway/${slug}` })),
    }),
    services: async ({ q = "", department = "", available = false, page: at = 1 }) =>
      page(
        items
          .filter((item) => (department === "" || item.department === department) && (!available || item.service))
          .filter((item) => `${item.name}${item.service?.title["zh-CN"] ?? ""}${item.service?.title.en ?? ""}`.includes(q)),
        at,
      ),
    departments: async () => {
      const counts = new Map<string, number>();
      for (const item of items) counts.set(item.department, (counts.get(item.department) ?? 0) + 1);
      return [...counts].map(([name, count]) => ({ name, count }));
    },
    service: async (id) => {
      const item = items.find((one) => one.item_code === id || one.service?.slug === id);
      if (!item) throw new PortFailure("not-found", `service ${id}`);
      return item.service ? { ...item, package: packageFolders[item.service.slug] } : item;
    },
    cases: async ({ service, status, page: at = 1 }) => page(rows().filter((one) => (!service || one.service === service) && (!status || one.status === status)), at),
    case: async (id) => cases.get(id),
    bundle: async (id) => ({ format: "zhengtong-case-bundle/1", network: {}, case_id: cases.get(id).id, receipts: [], state: {} }),
    statistics: async () => statistics(cases),
    demo: async () => ({
      residents: residents.map(({ label, number, code, expected }) => ({ label, number, code, expected })),
      officers: [
        { label: "民政 一号工作人员", organisation: "civil-affairs", address: OFFICER, privateKey: mockHash("officer") },
        { label: "民政 二号工作人员", organisation: "civil-affairs", address: OTHER_OFFICER, privateKey: mockHash("other-officer") },
      ],
    }),
    follow(id, changed, connected) {
      connected(true);
      return cases.listen((other) => other === id && changed());
    },
  };
}

function statistics(cases: MockCases): Statistics {
  const all = [...cases.all.values()];
  const by = (status: CaseStatus) => all.filter((one) => one.status === status).length;
  const statuses: CaseStatus[] = ["asking", "review", "supplement", "approved", "refused", "closed"];
  const uses = all.flatMap((one) => one.uses);
  return {
    cases: all.length,
    by_status: Object.fromEntries(statuses.map((status) => [status, by(status)])),
    decisions_by_rules: all.filter((one) => one.decision && one.decision.officer === null).length,
    decisions_by_officers: all.filter((one) => one.decision && one.decision.officer !== null).length,
    uses: uses.length,
    median_seconds: 2,
    services: Object.keys(packages).map((service) => {
      const mine = all.filter((one) => one.service === service);
      return {
        service,
        cases: mine.length,
        approved: mine.filter((one) => one.status === "approved").length,
        refused: mine.filter((one) => one.status === "refused").length,
        open: mine.filter((one) => ["asking", "review", "supplement"].includes(one.status)).length,
        by_rules: mine.filter((one) => one.decision && one.decision.officer === null).length,
        median_seconds: mine.length > 0 ? 2 : null,
      };
    }),
    uses_by_provider: Object.fromEntries(AGENCIES.map((slug) => [slug, uses.filter((use) => use.provider === slug).length])),
  };
}
