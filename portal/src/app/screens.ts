import type { Component } from "svelte";
import type { RouteName } from "./routes";
import Accessibility from "../screens/Accessibility/Accessibility.svelte";
import Guide from "../screens/Guide/Guide.svelte";
import Home from "../screens/Home/Home.svelte";
import NotFound from "../screens/NotFound/NotFound.svelte";
import Services from "../screens/Services/Services.svelte";

/** To add a page: its pattern in `routes.ts`, its component here, its texts in `i18n/messages`. */
export const SCREENS: Record<RouteName, Component> = {
  home: Home,
  services: Services,
  guide: Guide,
  apply: NotFound,
  applyStep: NotFound,
  track: NotFound,
  case: NotFound,
  appeal: NotFound,
  supplement: NotFound,
  signIn: NotFound,
  createWallet: NotFound,
  restoreWallet: NotFound,
  identity: NotFound,
  wallet: NotFound,
  myCases: NotFound,
  myData: NotFound,
  officerSignIn: NotFound,
  desk: NotFound,
  deskCase: NotFound,
  audit: NotFound,
  auditBundle: NotFound,
  auditCases: NotFound,
  network: NotFound,
  accessibility: Accessibility,
  notFound: NotFound,
};
