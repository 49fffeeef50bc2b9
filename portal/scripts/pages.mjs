// The pages that are drawn: name, address, who looks, and what to do before the picture is taken.
export const PAGES = [
  { name: "home", path: "/" },
  { name: "services", path: "/services?q=津贴" },
  { name: "services-none", path: "/services?q=zzz" },
  { name: "guide", path: "/services/old-age-allowance" },
  { name: "guide-catalogue", path: "/services/511F33033003-511602000000-000-115113010833722043-1-00" },
  { name: "not-found", path: "/nowhere" },
  { name: "accessibility", path: "/accessibility" },
];
