/** The pages and their addresses. Pure: a path in, a route out. */

const PATTERNS = {
  home: "/",
  services: "/services",
  guide: "/services/:service",
  apply: "/services/:service/apply",
  applyStep: "/services/:service/apply/:step",
  track: "/track",
  case: "/cases/:id",
  appeal: "/cases/:id/appeal",
  supplement: "/cases/:id/supplement",
  signIn: "/sign-in",
  createWallet: "/sign-in/create",
  restoreWallet: "/sign-in/restore",
  recover: "/sign-in/recover",
  stop: "/sign-in/stop",
  identity: "/identity",
  wallet: "/me",
  protect: "/me/protect",
  deviceAdd: "/me/devices/add",
  deviceJoin: "/me/devices/join",
  myCases: "/me/cases",
  myData: "/me/data",
  myConsents: "/me/consents",
  delegations: "/me/delegations",
  delegationAsk: "/me/delegations/ask",
  delegationAccept: "/me/delegations/accept",
  delegationGive: "/me/delegations/give",
  delegationChild: "/me/delegations/child",
  delegationShare: "/me/delegations/share",
  delegationConfirmed: "/me/delegations/confirmed",
  trusted: "/me/trusted",
  trustedAdd: "/me/trusted/add",
  trustedOffer: "/me/trusted/offer",
  trustedAccept: "/me/trusted/accept",
  trustedHelp: "/me/trusted/help/:account",
  dataRequest: "/me/data/requests/:right",
  sentRequest: "/me/data/sent/:id",
  officerSignIn: "/desk/sign-in",
  officerReturn: "/desk/sign-in/return",
  desk: "/desk",
  deskCase: "/desk/cases/:id",
  deskRequests: "/desk/requests",
  deskAsk: "/desk/ask",
  counter: "/counter",
  audit: "/audit",
  auditBundle: "/audit/bundle",
  auditCases: "/audit/cases",
  network: "/network",
  accessibility: "/accessibility",
} as const;

export type RouteName = keyof typeof PATTERNS | "notFound";
export type RouteParams = Record<string, string>;

export interface Route {
  name: RouteName;
  params: RouteParams;
  query: URLSearchParams;
  path: string;
}

const SPLIT = Object.entries(PATTERNS).map(([name, pattern]) => ({ name: name as RouteName, parts: pattern.split("/") }));

export function match(path: string, search = ""): Route {
  const query = new URLSearchParams(search);
  const clean = path.length > 1 ? path.replace(/\/+$/, "") : path;
  const parts = clean.split("/");
  for (const { name, parts: pattern } of SPLIT) {
    if (pattern.length !== parts.length) continue;
    const params: RouteParams = {};
    const fits = pattern.every((piece, i) => {
      const given = parts[i] ?? "";
      if (!piece.startsWith(":")) return piece === given;
      try {
        params[piece.slice(1)] = decodeURIComponent(given);
      } catch {
        return false;
      }
      return given !== "";
    });
    if (fits) return { name, params, query, path };
  }
  return { name: "notFound", params: {}, query, path };
}

/** The address of a page. */
export function to(name: Exclude<RouteName, "notFound">, params: RouteParams = {}, query: Record<string, string> = {}): string {
  const path = PATTERNS[name].replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(params[key] ?? ""));
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  return search === "" ? path : `${path}?${search}`;
}

/** Where to go after signing in: only paths of this portal. */
export function safeNext(next: string | null): string {
  return next !== null && /^\/(?!\/)[^\\]*$/.test(next) && match(next.split("?")[0] ?? "/").name !== "notFound" ? next : to("home");
}
