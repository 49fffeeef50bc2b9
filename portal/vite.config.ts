import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const NODE = process.env["ZHENGTONG_ORIGIN"] ?? "http://127.0.0.1:8080";

export default defineConfig(async ({ mode }) => ({
  plugins: [svelte(), ...(mode === "mock" ? [(await import("./mock/server.ts")).mockServer()] : [])],
  resolve: { conditions: process.env["VITEST"] ? ["browser"] : [] },
  server: mode === "mock" ? {} : { proxy: { "/api": NODE, "/gateway": NODE, "/rpc": NODE, "/healthz": NODE } },
  build: { target: "es2022", sourcemap: false },
  test: { environment: "happy-dom", include: ["src/**/*.test.ts"], setupFiles: ["src/testing/setup.ts"] },
}));
