import { mount } from "svelte";
import App from "./app/App.svelte";
import { install, restoreElder } from "./app/here.svelte";
import { keepOnDevice } from "./app/installed.svelte";
import { restoreLanguage } from "./i18n/index.svelte";
import { watchConnection } from "./lib/reach.svelte";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/controls.css";

restoreLanguage();
restoreElder();

const world = import.meta.env.MODE === "mock" ? await import("./testing/world").then((made) => made.mockWorld()) : await import("./app/live").then((made) => made.liveWorld());
install(world);

if (import.meta.env.PROD && import.meta.env.MODE !== "mock") {
  watchConnection();
  void keepOnDevice();
}

const target = document.getElementById("app");
if (target) {
  target.replaceChildren();
  mount(App, { target });
}
