/**
 * Every text of the portal, as `[zh-CN, en]`, so that neither language can lack one.
 * `{name}` is filled in; `{n|case|cases}` picks by number. To add a text: a line in the file of its area.
 */
import { apply } from "./apply";
import { audit } from "./audit";
import { cases } from "./cases";
import { check } from "./check";
import { common } from "./common";
import { delegations } from "./delegations";
import { desk } from "./desk";
import { elsewhere } from "./elsewhere";
import { failures } from "./failures";
import { fields } from "./fields";
import { home } from "./home";
import { mine } from "./mine";
import { offline } from "./offline";
import { problems } from "./problems";
import { protect } from "./protect";
import { services } from "./services";
import { signIn } from "./sign-in";
import { trusted } from "./trusted";
import { wards } from "./wards";
import { ways } from "./ways";

export type Pair = readonly [zh: string, en: string];

export const messages = { ...common, ...failures, ...problems, ...fields, ...home, ...services, ...signIn, ...ways, ...apply, ...cases, ...check, ...mine, ...offline, ...protect, ...delegations, ...trusted, ...wards, ...desk, ...elsewhere, ...audit } as const satisfies Record<
  string,
  Pair
>;

export type MessageKey = keyof typeof messages;
