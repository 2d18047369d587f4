/**
 * Regenerates what is derived from the contract (registrations, the exposed keys, the gateway's table, the reference) and, with the real Convex
 * CLI and no deployment, every `_generated` file.
 *
 *   npm run codegen          writes the files
 *   npm run codegen:check    exits 1 and lists the files that differ from what would be written
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runMain } from "../runMain.js";
import { generate } from "./generate.js";
import { driftOf, isGenerated, readFiles } from "./generatedFiles.js";
import { documentComponent, writeContract } from "./writeContract.js";
import { withProjectCopy } from "../deployment/projectCopy.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COMPONENTS = ["./src/component"];
const FOLDERS = ["src", "example/convex", "docs"];

async function generateAll(project: string, signal: AbortSignal, log: (line: string) => void): Promise<void> {
  await writeContract(project);
  await generate({ project, components: COMPONENTS, signal, log });
  await documentComponent(project);
}

await runMain("codegen", async (signal, log) => {
  const [flag, ...rest] = process.argv.slice(2);
  if (rest.length > 0 || (flag !== undefined && flag !== "--check"))
    throw new Error("usage: codegen [--check]");
  if (flag === undefined) {
    await generateAll(ROOT, signal, log);
    return;
  }
  const drift = await withProjectCopy(ROOT, async (project) => {
    await generateAll(project, signal, log);
    return driftOf(
      await readFiles(ROOT, FOLDERS, isGenerated),
      await readFiles(project, FOLDERS, isGenerated),
    );
  });
  if (drift.length === 0) return log("generated files are up to date");
  for (const { file, kind } of drift) log(`${kind}: ${path.normalize(file)}`);
  throw new Error("generated files are out of date; run: npm run codegen");
});
