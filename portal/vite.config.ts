import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { offline } from "./worker/plugin.ts";

const NODE = process.env["ZHENGTONG_ORIGIN"] ?? "http://127.0.0.1:8080";

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), ...(mode === "mock" ? [] : [offline()])],
  ...(process.env["VITEST"] ? { resolve: { conditions: ["browser"] } } : {}),
  server: mode === "mock" ? { fs: { allow: [".."] } } : { proxy: { "/api": NODE, "/gateway": NODE, "/rpc": NODE, "/healthz": NODE } },
  build: { target: "es2022", sourcemap: false },
  test: { environment: "happy-dom", include: ["src/**/*.test.ts"], setupFiles: ["src/testing/setup.ts"], testTimeout: 60_000, hookTimeout: 120_000 },
}));
