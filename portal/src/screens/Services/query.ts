/** The search as it stands in the address. Pure. */
export interface Search {
  q: string;
  department: string;
  available: boolean;
  page: number;
}

const MAX_WORDS = 60;
const MAX_PAGE = 10_000;

export function readQuery(query: URLSearchParams): Search {
  const page = Number(query.get("page") ?? "1");
  return {
    q: (query.get("q") ?? "").slice(0, MAX_WORDS),
    department: query.get("department") ?? "",
    available: query.get("available") === "true",
    page: Number.isInteger(page) && page >= 1 && page <= MAX_PAGE ? page : 1,
  };
}

export function writeQuery(search: Search): Record<string, string> {
  return {
    q: search.q.trim(),
    department: search.department,
    available: search.available ? "true" : "",
    page: search.page > 1 ? String(search.page) : "",
  };
}
