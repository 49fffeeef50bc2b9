import type { Component } from "svelte";
import type { RouteName } from "./routes";
import Accessibility from "../screens/Accessibility/Accessibility.svelte";
import Apply from "../screens/Apply/Apply.svelte";
import SignIn from "../screens/SignIn/SignIn.svelte";
import CreateWallet from "../screens/SignIn/CreateWallet.svelte";
import RestoreWallet from "../screens/SignIn/RestoreWallet.svelte";
import Identity from "../screens/Identity/Identity.svelte";
import MyWallet from "../screens/Wallet/MyWallet.svelte";
import Track from "../screens/Track/Track.svelte";
import Case from "../screens/Case/Case.svelte";
import Guide from "../screens/Guide/Guide.svelte";
import Home from "../screens/Home/Home.svelte";
import NotFound from "../screens/NotFound/NotFound.svelte";
import Services from "../screens/Services/Services.svelte";

/** To add a page: its pattern in `routes.ts`, its component here, its texts in `i18n/messages`. */
export const SCREENS: Record<RouteName, Component> = {
  home: Home,
  services: Services,
  guide: Guide,
  apply: Apply,
  applyStep: Apply,
  track: Track,
  case: Case,
  appeal: NotFound,
  supplement: NotFound,
  signIn: SignIn,
  createWallet: CreateWallet,
  restoreWallet: RestoreWallet,
  identity: Identity,
  wallet: MyWallet,
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
