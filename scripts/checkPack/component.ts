/** The component's package in an empty Convex app. */
import path from "node:path";
import { generate } from "../codegen/generate.js";
import { consumerApp, emptyApp } from "./consumerApp.js";
import {
  importInNode,
  installedVersions,
  installProject,
  typeCheck,
  type Packed,
  type Step,
} from "./pack.js";

/** So many packages may an app install besides `convex`, this one included. */
const MAX_ADDED = 12;

export async function checkComponent(
  step: Step,
  { packageJson, tarball }: Packed,
  folder: string,
  { signal, log }: { signal: AbortSignal; log: (line: string) => void },
): Promise<void> {
  const versions = installedVersions();
  const before = new Set(await installProject(step, path.join(folder, "app-without"), emptyApp(versions)));
  const app = path.join(folder, "app");
  const after = await installProject(step, app, consumerApp(tarball, versions));
  const added = after.filter((name) => !before.has(name));
  log(`${packageJson.name} adds ${added.length} packages to an app (at most ${MAX_ADDED})`);
  if (added.length > MAX_ADDED) throw new Error(`too many packages:\n${added.join("\n")}`);

  await generate({ project: app, components: [], signal, log });
  await typeCheck(step, app);
  // Not `convex.config.js`: the workflow engine's is written for the bundler, which has loaded it to generate the code.
  for (const entry of ["", "/http", "/react"]) await importInNode(step, app, packageJson.name + entry);
}
