import type { IndexApi } from "../api/index-api";
import type { ServiceStatistics, Statistics } from "../api/types";
import { PortFailure } from "../ports";
import { type MockCases, mockHash, OFFICER, OTHER_OFFICER } from "./mock-cases";
import { items, packageFolders, packages, VERSION } from "./packages";
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
      organisations: AGENCIES.map((slug, i) => ({ id: slug, name: NAMES[i] ?? slug, attester: mockHash(slug, 20), roles: i === 0 ? 29 : i === 1 ? 11 : i === 3 ? 1 : 17, encryption_key: mockHash(`${slug}/key`), gateway: `/gateway/${slug}` })),
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
      return [...counts].map(([name, count]) => ({ name, count, running: 0 }));
    },
    service: async (id) => {
      const item = items.find((one) => one.item_code === id || one.service?.slug === id);
      if (!item) throw new PortFailure("not-found", `service ${id}`);
      const slug = item.service?.slug;
      return slug ? { item, service: item.service ?? null, package: packageFolders[slug] ?? null, published: published(slug) } : { item, service: null, package: null };
    },
    cases: async ({ service, status, page: at = 1 }) => page(rows().filter((one) => (!service || one.service === service) && (!status || one.status === status)), at),
    case: async (id) => cases.get(id),
    bundle: async (id) => ({ format: "zhengtong-case-bundle/1", network: {}, case_id: cases.get(id).id, receipts: [], state: {} }),
    statistics: async () => statistics(cases),
    demo: async () => ({
      residents: residents.map(({ facts: _, ...resident }) => resident),
      officers: [
        { label: "civil-affairs-1", organisation: "civil-affairs", address: OFFICER, privateKey: mockHash("officer") },
        { label: "civil-affairs-2", organisation: "civil-affairs", address: OTHER_OFFICER, privateKey: mockHash("other-officer") },
      ],
    }),
    follow(id, changed, connected) {
      connected(true);
      return cases.listen((other) => other === id && changed());
    },
  };
}

function published(slug: string) {
  const item = packages[slug]?.item;
  const days = packages[slug]?.workflow;
  return {
    slug,
    version: VERSION,
    owner: item?.owner ?? "",
    sponsor: item?.sponsor ?? "",
    package_hash: mockHash(`package/${slug}`),
    rule_set: mockHash(`rules/${slug}`),
    promised_seconds: (days?.promised.days ?? 0) * 86_400,
    statutory_seconds: (days?.statutory.days ?? 0) * 86_400,
    appeal_seconds: (days?.appeal.days ?? 0) * 86_400,
    active: true,
    credential_type: slug,
    uri: "",
    published_at: 0,
  };
}

/** Counts as the index publishes them: small ones are held back. */
function statistics(cases: MockCases): Statistics {
  const all = [...cases.all.values()];
  const held = (n: number) => (n > 0 && n < 2 ? null : n);
  const of = (service: string, mine: typeof all): ServiceStatistics => ({
    service,
    opened: held(mine.length),
    approved_by_rule: held(mine.filter((one) => one.status === "approved" && !one.decision?.officer).length),
    approved_by_officer: held(mine.filter((one) => one.status === "approved" && one.decision?.officer).length),
    refused_by_officer: held(mine.filter((one) => one.status === "refused").length),
    in_review: held(mine.filter((one) => one.status === "review").length),
    waiting_for_applicant: held(mine.filter((one) => one.status === "supplement").length),
    waiting_for_facts: held(mine.filter((one) => one.status === "asking").length),
    appealed: held(mine.filter((one) => one.appeals > 0).length),
    median_seconds: mine.length > 0 ? 2 : null,
    p90_seconds: mine.length > 0 ? 172_800 : null,
  });
  return {
    height: 4211,
    smallest_count: 2,
    total: of("", all),
    services: Object.keys(packages).map((slug) => of(slug, all.filter((one) => one.service === slug))),
    providers: AGENCIES.map((provider) => ({ provider, uses: all.flatMap((one) => one.uses).filter((use) => use.provider === provider).length })),
  };
}
