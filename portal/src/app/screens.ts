import type { Component } from "svelte";
import type { RouteName } from "./routes";
import Accessibility from "../screens/Accessibility/Accessibility.svelte";
import Appeal from "../screens/Appeal/Appeal.svelte";
import Apply from "../screens/Apply/Apply.svelte";
import Audit from "../screens/Audit/Audit.svelte";
import AuditBundle from "../screens/Audit/AuditBundle.svelte";
import AuditCases from "../screens/Audit/AuditCases.svelte";
import Case from "../screens/Case/Case.svelte";
import Counter from "../screens/Counter/Counter.svelte";
import AcceptDelegation from "../screens/Delegations/AcceptDelegation.svelte";
import ActForChild from "../screens/Delegations/ActForChild.svelte";
import Confirmed from "../screens/Delegations/Confirmed.svelte";
import ShareWithFamily from "../screens/Delegations/ShareWithFamily.svelte";
import AskDelegation from "../screens/Delegations/AskDelegation.svelte";
import Delegations from "../screens/Delegations/Delegations.svelte";
import GiveDelegation from "../screens/Delegations/GiveDelegation.svelte";
import Desk from "../screens/Desk/Desk.svelte";
import DeskCase from "../screens/Desk/DeskCase.svelte";
import AskWallet from "../screens/Desk/AskWallet.svelte";
import DeskRequests from "../screens/Rights/DeskRequests.svelte";
import DataRequestScreen from "../screens/Rights/DataRequest.svelte";
import SentRequestScreen from "../screens/Rights/SentRequest.svelte";
import OfficerReturn from "../screens/Desk/OfficerReturn.svelte";
import OfficerSignIn from "../screens/Desk/OfficerSignIn.svelte";
import AddDevice from "../screens/Devices/AddDevice.svelte";
import JoinDevice from "../screens/Devices/JoinDevice.svelte";
import Guide from "../screens/Guide/Guide.svelte";
import Home from "../screens/Home/Home.svelte";
import Identity from "../screens/Identity/Identity.svelte";
import MyCases from "../screens/Mine/MyCases.svelte";
import MyConsents from "../screens/Mine/MyConsents.svelte";
import MyData from "../screens/Mine/MyData.svelte";
import Network from "../screens/Network/Network.svelte";
import NotFound from "../screens/NotFound/NotFound.svelte";
import Protect from "../screens/Protect/Protect.svelte";
import Recover from "../screens/Recover/Recover.svelte";
import Stop from "../screens/Recover/Stop.svelte";
import Services from "../screens/Services/Services.svelte";
import CreateWallet from "../screens/SignIn/CreateWallet.svelte";
import RestoreWallet from "../screens/SignIn/RestoreWallet.svelte";
import SignIn from "../screens/SignIn/SignIn.svelte";
import Supplement from "../screens/Supplement/Supplement.svelte";
import Track from "../screens/Track/Track.svelte";
import AcceptTrusted from "../screens/Trusted/AcceptTrusted.svelte";
import AddTrusted from "../screens/Trusted/AddTrusted.svelte";
import HelpTrusted from "../screens/Trusted/HelpTrusted.svelte";
import OfferTrusted from "../screens/Trusted/OfferTrusted.svelte";
import Trusted from "../screens/Trusted/Trusted.svelte";
import MyWallet from "../screens/Wallet/MyWallet.svelte";

/** To add a page: its pattern in `routes.ts`, its component here, its texts in `i18n/messages`. */
export const SCREENS: Record<RouteName, Component> = {
  home: Home,
  services: Services,
  guide: Guide,
  apply: Apply,
  applyStep: Apply,
  track: Track,
  case: Case,
  appeal: Appeal,
  supplement: Supplement,
  signIn: SignIn,
  createWallet: CreateWallet,
  restoreWallet: RestoreWallet,
  recover: Recover,
  stop: Stop,
  identity: Identity,
  wallet: MyWallet,
  protect: Protect,
  deviceAdd: AddDevice,
  deviceJoin: JoinDevice,
  myCases: MyCases,
  myData: MyData,
  myConsents: MyConsents,
  delegations: Delegations,
  delegationAsk: AskDelegation,
  delegationAccept: AcceptDelegation,
  delegationGive: GiveDelegation,
  delegationChild: ActForChild,
  delegationShare: ShareWithFamily,
  delegationConfirmed: Confirmed,
  trusted: Trusted,
  trustedAdd: AddTrusted,
  trustedOffer: OfferTrusted,
  trustedAccept: AcceptTrusted,
  trustedHelp: HelpTrusted,
  dataRequest: DataRequestScreen,
  sentRequest: SentRequestScreen,
  officerSignIn: OfficerSignIn,
  officerReturn: OfficerReturn,
  desk: Desk,
  deskCase: DeskCase,
  deskRequests: DeskRequests,
  deskAsk: AskWallet,
  counter: Counter,
  audit: Audit,
  auditBundle: AuditBundle,
  auditCases: AuditCases,
  network: Network,
  accessibility: Accessibility,
  notFound: NotFound,
};
