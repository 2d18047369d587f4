/** Long runs: volumes and full matrices of which the default tests take a sample. `npm run soak`. */
import { defineConfig } from "vitest/config";
import base from "./vitest.config.js";

export default defineConfig({
  ...base,
  test: { ...base.test, include: ["test/soak/**/*.soak.ts"], testTimeout: 60 * 60_000 },
});
