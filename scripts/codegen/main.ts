/**
 * Regenerates every `_generated` file with the real Convex CLI and no deployment.
 *
 *   npm run codegen          writes the files
 *   npm run codegen:check    exits 1 and lists the files that differ from what would be written
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runMain } from "../runMain.js";
import { generate } from "./generate.js";
import { driftOf, readFiles } from "./generatedFiles.js";
import { withProjectCopy } from "../deployment/projectCopy.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COMPONENTS = ["./src/component"];
const GENERATED = ["src/component/_generated", "example/convex/_generated"];

await runMain("codegen", async (signal, log) => {
  const [flag, ...rest] = process.argv.slice(2);
  if (rest.length > 0 || (flag !== undefined && flag !== "--check"))
    throw new Error("usage: codegen [--check]");
  if (flag === undefined) {
    await generate({ project: ROOT, components: COMPONENTS, signal, log });
    return;
  }
  const drift = await withProjectCopy(ROOT, async (project) => {
    await generate({ project, components: COMPONENTS, signal, log });
    return driftOf(await readFiles(ROOT, GENERATED), await readFiles(project, GENERATED));
  });
  if (drift.length === 0) return log("generated files are up to date");
  for (const { file, kind } of drift) log(`${kind}: ${path.normalize(file)}`);
  throw new Error("generated files are out of date; run: npm run codegen");
});
