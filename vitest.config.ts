import { defineConfig } from "vitest/config";

const source = (path: string) => new URL(path, import.meta.url).pathname;

export default defineConfig({
  // The example app imports the package by its name; tests run against the source, never against an old build.
  resolve: {
    alias: [
      { find: /^@okrlinkhub\/agent-factory$/, replacement: source("./src/client/index.ts") },
      { find: /^@okrlinkhub\/agent-factory\/http$/, replacement: source("./src/client/routes.ts") },
      {
        find: /^@okrlinkhub\/agent-factory\/convex\.config\.js$/,
        replacement: source("./src/component/convex.config.ts"),
      },
      { find: /^@okrlinkhub\/agent-factory\/test$/, replacement: source("./src/test.ts") },
    ],
  },
  test: {
    include: ["src", "worker/src", "sim", "test", "scripts", "bench", "example"].map(
      (folder) => `${folder}/**/*.test.ts`,
    ),
    // Some tests run the Convex CLI or start servers; on a busy machine those take seconds.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
  },
});
