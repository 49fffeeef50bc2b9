import { render, screen } from "@testing-library/svelte";
import { afterEach, expect, test, vi } from "vitest";
import { setLanguage, t } from "../../../i18n/index.svelte";
import Scanner from "./Scanner.svelte";

vi.mock("qr/decode.js", () => {
  throw new TypeError("Failed to fetch dynamically imported module");
});

afterEach(() => Reflect.deleteProperty(navigator, "mediaDevices"));

test.each(["zh-CN", "en"] as const)("a reader of codes that does not load is said in %s, and no camera is opened for it", async (language) => {
  setLanguage(language);
  const getUserMedia = vi.fn();
  Object.defineProperty(navigator, "mediaDevices", { configurable: true, value: { getUserMedia } });
  const { unmount } = render(Scanner, { kinds: ["eth-signature"], found: vi.fn(), close: vi.fn() });
  await screen.findByText(t("elsewhere.camera.decoder"));
  expect(getUserMedia).not.toHaveBeenCalled();
  unmount();
});
