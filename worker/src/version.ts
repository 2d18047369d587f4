import { createRequire } from "node:module";
import { z } from "zod";

/** This package's version. */
export function workerVersion(): string {
  // By its own name: the built file lies at another depth than this one.
  const read: unknown = createRequire(import.meta.url)("@okrlinkhub/agent-factory-worker/package.json");
  return z.object({ version: z.string() }).parse(read).version;
}
