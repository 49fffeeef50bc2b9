import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { beforeEach, describe, expect, test } from "vitest";
import App from "../../../app/App.svelte";
import { type World, install, session } from "../../../app/here.svelte";
import { organisationName } from "../../../app/names";
import { to } from "../../../app/routes";
import { messageSigned } from "../../../chain/elsewhere";
import { setLanguage, t } from "../../../i18n/index.svelte";
import type { Standing } from "../../../ports";
import { mockWorld } from "../../../testing/world";
import { keyOf, readAccount } from "../../../wallet/elsewhere/account";
import { WireError } from "../../../wallet/elsewhere/errors";
import { answered, exportedAccount, privateKeyAt, requested } from "../../../wallet/elsewhere/testing";
import { readUr } from "../../../wallet/elsewhere/ur";
import { Asking, asking } from "./asking.svelte";
import { cameraTrouble, verdictOn, whyNot } from "./say";

const ADDRESS = "0x9858effd232b4033e47d90003d41ec34ecaeda94";

describe("what is said", () => {
  test("of a key is what the chain has of it", () => {
    expect(verdictOn({ organisation: "a", active: true }, "a")).toBe("active");
    expect(verdictOn({ organisation: "a", active: false }, "a")).toBe("inactive");
    expect(verdictOn({ organisation: "b", active: true }, "a")).toBe("other");
    expect(verdictOn({ organisation: null, active: false }, "a")).toBe("unknown");
  });

  test("of a text is why it is not taken, whatever failed", () => {
    expect(whyNot(new WireError("kind", "", { found: "eth-sign-request", wanted: "eth-signature" })).key).toBe("elsewhere.wrong.request");
    expect(whyNot(new WireError("kind", "", { found: "bytes", wanted: "eth-signature" })).key).toBe("elsewhere.wrong.kind");
    expect(whyNot(new WireError("other-signer", "", { found: "0x1" }))).toEqual({ key: "elsewhere.wrong.other-signer", params: { found: "0x1" } });
    expect(whyNot(new TypeError("another")).key).toBe("elsewhere.wrong.unreadable");
  });

  test("of a camera is whether it may be used, is in use, is not there, or cannot be read", () => {
    const keys = ["NotAllowedError", "NotReadableError", "NotFoundError", "NetworkError"].map((name) => cameraTrouble(new DOMException("", name)));
    expect(keys).toEqual(["elsewhere.camera.refused", "elsewhere.camera.busy", "elsewhere.camera.none", "elsewhere.camera.decoder"]);
  });
});

test("a wrong answer leaves the question open, the right one ends it, and so does giving up", async () => {
  const one = new Asking();
  const key = keyOf(readAccount(exportedAccount()), 0);
  const signature = messageSigned(key, one.ask, 7, "a text");
  const wanted = one.wanted;
  if (wanted === null) throw new Error("nothing is asked");
  expect(requested(wanted.content)).toMatchObject({ chainId: 7, dataType: 3, path: "m/44'/60'/0'/0/0", address: ADDRESS, origin: "zhengtong portal" });
  await expect(one.answer(await answered(wanted.content, privateKeyAt("m/44'/60'/0'/0/1")))).rejects.toEqual(expect.objectContaining({ reason: "other-signer" }));
  await expect(one.answer(await answered(wanted.content, undefined, `0x${"00".repeat(16)}`))).rejects.toEqual(expect.objectContaining({ reason: "other-request" }));
  expect(one.wanted).toBe(wanted);
  await one.answer(await answered(wanted.content));
  expect(await signature).toMatch(/^0x[0-9a-f]{130}$/);
  expect(one.wanted).toBeNull();

  const stopped = messageSigned(key, one.ask, 7, "another");
  one.stop();
  await expect(stopped).rejects.toEqual(expect.objectContaining({ code: "signing-stopped" }));
  const [replaced, last] = [messageSigned(key, one.ask, 7, "a third"), messageSigned(key, one.ask, 7, "a fourth")];
  await expect(replaced).rejects.toEqual(expect.objectContaining({ code: "signing-stopped" }));
  one.late();
  await expect(last).rejects.toEqual(expect.objectContaining({ code: "signing-late" }));
});

describe.each(["zh-CN", "en"] as const)("signing in with a key elsewhere, in %s", (language) => {
  let world: World;
  /** Of the organisation that is chosen at first. */
  let standing: Standing;
  beforeEach(async () => {
    cleanup();
    session.officer = null;
    asking.stop();
    setLanguage(language);
    world = mockWorld({ role: "" });
    standing = { organisation: "public-security", active: true };
    world.ports.chain.standing = async (address) => (address === ADDRESS ? standing : { organisation: null, active: false });
    install(world);
    history.replaceState(null, "", to("officerSignIn"));
    render(App);
    // Beside a provider, keys are under a heading to open; it is drawn closed.
    await fireEvent.click(await screen.findByLabelText(t("elsewhere.way")));
  });

  const paste = async (label: string, text: string, button: string) => {
    await fireEvent.input(screen.getByLabelText(label), { target: { value: text } });
    await fireEvent.click(screen.getByRole("button", { name: button, hidden: true }));
  };
  const connect = async () => {
    await paste(t("elsewhere.account.label"), exportedAccount(), t("elsewhere.account.do"));
    await screen.findByText("73c5da0a");
    await fireEvent.click(await screen.findByRole("button", { name: t("officer.signIn.do"), hidden: true }));
    await screen.findByText(t("elsewhere.what.sign-in"));
  };

  test("shows the address and the words’ fingerprint, refuses wrong answers, and takes the right one", async () => {
    await paste(t("elsewhere.account.label"), "hello", t("elsewhere.account.do"));
    await screen.findByRole("link", { name: t("elsewhere.wrong.not-ur"), hidden: true });
    expect(screen.queryByRole("button", { name: t("officer.signIn.do"), hidden: true })).toBeNull();
    await connect();
    expect(screen.getByText(t("elsewhere.waiting"))).toBeTruthy();
    const text = screen.getByLabelText<HTMLTextAreaElement>(t("elsewhere.show.textLabel")).value;
    const { content } = readUr(text, "eth-sign-request");
    await paste(t("elsewhere.answer"), text, t("elsewhere.answer.do"));
    await screen.findByRole("link", { name: t("elsewhere.wrong.request"), hidden: true });
    await paste(t("elsewhere.answer"), await answered(content, privateKeyAt("m/44'/60'/0'/0/3")), t("elsewhere.answer.do"));
    await screen.findByRole("link", { name: /0x/, hidden: true });
    expect(session.officer).toBeNull();
    await paste(t("elsewhere.answer"), await answered(content), t("elsewhere.answer.do"));
    await waitFor(() => expect(session.officer?.key?.address).toBe(ADDRESS));
  });

  test("says so when the file went away with its stick", async () => {
    const gone = new File(["ur:"], "account.ur");
    gone.text = () => Promise.reject(new DOMException("", "NotFoundError"));
    await fireEvent.change(screen.getByLabelText(t("elsewhere.file")), { target: { files: [gone] } });
    await screen.findByRole("link", { name: t("elsewhere.wrong.unreadable"), hidden: true });
  });

  test("is given up after a question, or by leaving the page", async () => {
    await connect();
    await fireEvent.click(screen.getByRole("button", { name: t("elsewhere.stop"), hidden: true }));
    await fireEvent.click(screen.getByRole("button", { name: t("elsewhere.stop.no"), hidden: true }));
    expect(asking.wanted).not.toBeNull();
    await fireEvent.click(screen.getByRole("button", { name: t("elsewhere.stop"), hidden: true }));
    await fireEvent.click(screen.getByRole("button", { name: t("elsewhere.stop.yes"), hidden: true }));
    await screen.findByText(t("failure.signing-stopped.title"));
    await fireEvent.click(screen.getByRole("button", { name: t("officer.signIn.do"), hidden: true }));
    await screen.findByText(t("elsewhere.what.sign-in"));
    cleanup();
    expect(asking.wanted).toBeNull();
    expect(session.officer).toBeNull();
  });

  test("is refused here for a key that the chain does not list, or lists elsewhere", async () => {
    for (const [one, key] of [
      [{ organisation: null, active: false }, "unknown"],
      [{ organisation: "health", active: true }, "other"],
      [{ organisation: "public-security", active: false }, "inactive"],
    ] as const) {
      standing = one;
      await paste(t("elsewhere.account.label"), exportedAccount(), t("elsewhere.account.do"));
      await screen.findByText(t("elsewhere.standing.bad"));
      expect(screen.getByText(t(`elsewhere.standing.${key}`, { organisation: organisationName("public-security"), other: organisationName("health") }))).toBeTruthy();
      expect(screen.queryByRole("button", { name: t("officer.signIn.do"), hidden: true })).toBeNull();
      await fireEvent.click(screen.getByRole("button", { name: t("elsewhere.account.other"), hidden: true }));
    }
  });
});
