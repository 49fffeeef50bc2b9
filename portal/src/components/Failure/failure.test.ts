import { render, screen } from "@testing-library/svelte";
import { expect, it } from "vitest";
import { setLanguage, t } from "../../i18n/index.svelte";
import { PortFailure } from "../../ports";
import Failure from "./Failure.svelte";

it.each(["zh-CN", "en"] as const)("a problem that a gateway names is told by its own text, another by its code (%s)", (language) => {
  setLanguage(language);
  const { unmount } = render(Failure, { failure: new PortFailure("gateway-refused", "no", undefined, "not-an-officer") });
  expect(screen.getByText(t("problem.not-an-officer"))).toBeTruthy();
  expect(screen.queryByText(t("failure.gateway-refused.next"))).toBeNull();
  unmount();
  render(Failure, { failure: new PortFailure("gateway-refused", "no", undefined, "something-newer") });
  expect(screen.getByText(t("failure.gateway-refused.next"))).toBeTruthy();
});
