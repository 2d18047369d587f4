/** Adding a function takes a row and a body: everything else follows. */
import { appendFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import type { WorkerCall } from "../../src/contract/gateway.js";
import type { SurfaceRow } from "../../src/client/surface/row.js";
import { withProjectCopy } from "../deployment/projectCopy.js";
import { driftOf, isGenerated, readFiles } from "./generatedFiles.js";
import { evaluate } from "./runContract.js";
import { writeContract } from "./writeContract.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TEST_TIMEOUT_MS = 120_000;

const row = `
/**
 * Says how long a toy may be played with.
 * - \`workerId\`: Who asks.
 */
export const playToy = mutation("workers", { for: "worker", as: "workerPlayToy", operation: "play_toy" })(() => ({
  args: { workerId: v.string(), workerToken: opt.string },
  returns: v.number(),
}));
`;
const body = `
import * as contract from "../../contract/media.js";
import { asMutation } from "../functions.js";
export const playToy = asMutation(contract.playToy)(async () => 60_000);
`;
const BODY_FILE = "src/core/media/playToy.ts";

it(
  "a row and a body make a registration, an exposed key, an operation of the gateway and a part of the reference",
  async () => {
    await withProjectCopy(ROOT, async (copy) => {
      const generated = () => readFiles(copy, ["src", "docs"], isGenerated);
      await writeContract(copy);
      const before = await generated();
      await appendFile(path.join(copy, "src/contract/media.ts"), row);

      // A row alone: the message says what is missing, and nothing is written.
      await expect(writeContract(copy)).rejects.toThrow(
        /media\.playToy has no body: write `export const playToy = asMutation\(media\.playToy\)/,
      );
      await writeFile(path.join(copy, BODY_FILE), body);
      await writeFile(path.join(copy, "src/core/media/again.ts"), body);
      await expect(writeContract(copy)).rejects.toThrow(/playToy has several bodies: .*again\.ts/);
      await rm(path.join(copy, "src/core/media/again.ts"));

      await writeContract(copy);
      const after = await generated();
      expect(driftOf(before, after).map(({ file }) => file)).toEqual([
        "docs/reference.md",
        "src/client/surface/keys.generated.ts",
        "src/component/lib.ts",
        "src/component/workers.generated.ts",
        "src/contract/gateway.generated.ts",
      ]);
      expect(after.get("src/component/lib.ts")).toContain('playToy = relay(mediaFile.playToy, "playToy")');
      expect(after.get("src/component/workers.generated.ts")).toContain(
        "playToy = internalMutation(mediaPlayToyFile.playToy)",
      );
      expect(after.get("docs/reference.md")).toMatch(
        /### playToy\n\nSays how long[^]*Exposed\*\*: `workerPlayToy`[^]*Gateway\*\*: `play_toy`[^]*Who asks\./,
      );

      const { surface, callOfOperation } = (await evaluate(
        copy,
        'export * from "./src/client/surface/index.ts"; export * from "./src/contract/gateway.ts";',
      )) as {
        surface: Record<string, SurfaceRow>;
        callOfOperation: (name: string) => WorkerCall | undefined;
      };
      expect(surface.workerPlayToy).toMatchObject({ kind: "mutation", access: "worker" });
      expect(surface.workerPlayToy?.scope({ workerId: "w" })).toEqual({ workerId: "w" });
      expect(callOfOperation("play_toy")).toMatchObject({ fn: "playToy", kind: "mutation" });
    });
  },
  TEST_TIMEOUT_MS,
);
