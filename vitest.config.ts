import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src", "sim", "test", "scripts", "bench", "example"].map((folder) => `${folder}/**/*.test.ts`),
    // Some tests run the Convex CLI or start servers; on a busy machine those take seconds.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
  },
});
