import type { HelpedPerson, Trusted, TrustedPerson } from "../ports";
import { mockHash } from "./mock-cases";

const NUMBER = "123 456 789 012";

/** Two people who help, one of whom has not read out the number, and somebody who is helped. */
export function mockTrusted(): Trusted {
  const person = (name: string, received: boolean): TrustedPerson => ({ id: mockHash(`trusted/${name}`, 16), name, code: "cGFydA", received });
  const list = { people: [person("李芳", true), person("王建国", false)], needed: 2, inForce: true, isProtected: true, hasOffices: true };
  const helped: HelpedPerson[] = [{ account: mockHash("helped"), name: "赵奶奶", needed: 2, receipt: "654 321", isNamed: true, recovery: null }];
  return {
    offer: async () => ({ code: "b2ZmZXI", number: NUMBER }),
    read: () => ({ name: "陈明", number: NUMBER }),
    people: async () => ({ ...list, people: [...list.people] }),
    add: async () => {
      list.people.push({ ...person("陈明", false), code: null });
      list.inForce = false;
    },
    remove: async (_wallet, id) => {
      list.people = list.people.filter((one) => one.id !== id);
      list.inForce = false;
    },
    put: async (_wallet, { needed }) => {
      Object.assign(list, { needed, inForce: true, isProtected: true, people: list.people.map((one) => ({ ...one, code: "cGFydA" })) });
    },
    received: async (_wallet, id, number) => {
      const isRight = number.replace(/\s/g, "") === "654321";
      if (isRight) list.people = list.people.map((one) => (one.id === id ? { ...one, received: true } : one));
      return isRight;
    },
    accept: async () => ({ name: "赵奶奶", receipt: "654 321" }),
    helped: async () => [...helped],
    forget: async (_wallet, account) => void helped.splice(helped.findIndex((one) => one.account === account), 1),
    readAsked: () => ({ number: NUMBER }),
    approve: async (_wallet, account) => {
      const at = helped.findIndex((one) => one.account === account);
      if (at >= 0) helped[at] = { ...(helped[at] as HelpedPerson), recovery: { state: "waiting", readyAt: Math.floor(Date.now() / 1000) + 259_200 } };
    },
    release: async () => "Z2l2ZW4",
    ask: async () => undefined,
    addPart: async () => undefined,
  };
}
