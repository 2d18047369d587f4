import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { withPlantedProject } from "../deployment/plantedProject.js";
import { generate } from "./generate.js";
import { driftOf, readFiles } from "./generatedFiles.js";

/** Four runs of the CLI: 4 s on an idle machine, several times that on a busy one. */
const CLI_TEST_TIMEOUT_MS = 90_000;

const run = (root: string, signal?: AbortSignal) =>
  generate({ project: root, components: ["./child"], log: () => undefined, ...(signal && { signal }) });

it(
  "writes the component's and the app's files, with the types of the public functions, the same each time",
  async () => {
    await withPlantedProject({}, async (root) => {
      await run(root);
      expect((await readdir(path.join(root, "child/_generated"))).sort()).toEqual([
        "api.ts",
        "component.ts",
        "dataModel.ts",
        "server.ts",
      ]);
      const component = await readFile(path.join(root, "child/_generated/component.ts"), "utf8");
      // Fields are sorted, as a real deployment returns them.
      expect(component.replace(/\s+/g, " ")).toContain(
        'ping: FunctionReference< "query", "internal", { a?: number; b: string }, null, Name >',
      );
      expect(await readFile(path.join(root, "app/_generated/api.d.ts"), "utf8")).toContain(
        'ComponentApi<"child">',
      );

      const folders = ["child/_generated", "app/_generated"];
      const first = await readFiles(root, folders);
      await run(root);
      expect(driftOf(first, await readFiles(root, folders))).toEqual([]);
    });
  },
  CLI_TEST_TIMEOUT_MS,
);

it("fails with the reason when a module cannot be evaluated", async () => {
  const files = { "child/broken.ts": 'export const x = 1;\nthrow new Error("no key here");\n' };
  await expect(withPlantedProject(files, (root) => run(root))).rejects.toThrow(
    /codegen failed for \.\/child[^]*broken\.js: Error: no key here/,
  );
});

it("stops when aborted", async () => {
  const controller = new AbortController();
  const running = withPlantedProject({}, (root) => run(root, controller.signal));
  setTimeout(() => controller.abort(new Error("interrupted")), 50);
  await expect(running).rejects.toThrow("interrupted");
});

it("drift names what changed, what is missing and what is stray", () => {
  const onDisk = new Map([
    ["a", "1"],
    ["b", "1"],
    ["stray", "1"],
  ]);
  const fresh = new Map([
    ["a", "1"],
    ["b", "2"],
    ["new", "1"],
  ]);
  expect(driftOf(onDisk, fresh)).toEqual([
    { file: "b", kind: "changed" },
    { file: "new", kind: "missing" },
    { file: "stray", kind: "stray" },
  ]);
  expect(driftOf(fresh, fresh)).toEqual([]);
});
