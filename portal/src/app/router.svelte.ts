import { match, type Route } from "./routes";

let current = $state<Route>(match("/"));
/** Counts navigations, so that a page knows whether it is the first one (which must not steal the focus). */
let visits = 0;

export const router = {
  get route(): Route {
    return current;
  },
  get visits(): number {
    return visits;
  },
};

function read(): void {
  current = match(location.pathname, location.search);
}

export function go(path: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  visits += 1;
  read();
  scrollTo(0, 0);
}

/** Links of this portal are followed without loading the page; everything else is left to the browser. */
function onClick(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.hash !== "" && link.pathname === location.pathname) return;
  if (match(link.pathname).name === "notFound") return;
  event.preventDefault();
  go(link.pathname + link.search + link.hash);
}

export function startRouter(): () => void {
  read();
  const onPop = () => {
    visits += 1;
    read();
  };
  addEventListener("popstate", onPop);
  document.addEventListener("click", onClick);
  return () => {
    removeEventListener("popstate", onPop);
    document.removeEventListener("click", onClick);
  };
}
