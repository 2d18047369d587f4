/** All deploy checks of one project, in one list of faults. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { evaluatePush } from "../deployment/evaluatePush.js";
import { unitsOf } from "../deployment/pushRequest.js";
import { deployUnit, type Fault, type Rule } from "./deployUnit.js";
import { pushRequestOf } from "../deployment/pushRequestOf.js";
import { clashes } from "./rules/clashes.js";
import { crons } from "./rules/crons.js";
import { functions } from "./rules/functions.js";
import { loading, moduleScopeEffects } from "./rules/loading.js";
import { modulePaths } from "./rules/modulePaths.js";
import { schema } from "./rules/schema.js";
import { sourceFaults } from "./rules/sources.js";

const RULES: readonly Rule[] = [modulePaths, loading, functions, clashes, crons, schema];

export type CheckedProject = {
  readonly root: string;
  /** The app's functions folder, relative to the root. */
  readonly app: string;
  readonly component: string;
  /** Where the component's functions take their bodies from; it is bundled with them. */
  readonly core?: string;
};

export type DeployCheck = {
  readonly faults: readonly Fault[];
  readonly modules: number;
  readonly functions: number;
};

/** Source rules run even when the CLI refuses to bundle, so that one run shows as much as possible. */
export async function checkProject(project: CheckedProject, signal?: AbortSignal): Promise<DeployCheck> {
  const faults = [
    ...(await folderFaults(project.root, project.component, true)),
    ...(project.core === undefined ? [] : await folderFaults(project.root, project.core, true)),
    ...(await folderFaults(project.root, project.app, false)),
  ];
  const bundling = await pushRequestOf(project.root, signal);
  if ("refusal" in bundling) {
    faults.push({ rule: "bundle", where: "convex deploy", message: bundling.refusal });
    return { faults, modules: 0, functions: 0 };
  }
  const pushed = unitsOf(bundling.request);
  const evaluation = await evaluatePush(bundling.request, signal);
  const units = pushed.map((unit, index) => deployUnit(unit, evaluation.units[index]!));
  for (const unit of units) for (const rule of RULES) faults.push(...rule(unit));
  const nameOf = (folder: string) => units[Number(folder.replace("unit", ""))]?.name ?? folder;
  faults.push(...moduleScopeEffects(evaluation.trapped, nameOf));
  const modules = units.flatMap((unit) => unit.modules);
  return { faults, modules: modules.length, functions: modules.flatMap((module) => module.functions).length };
}

async function folderFaults(root: string, folder: string, isComponent: boolean): Promise<Fault[]> {
  const faults: Fault[] = [];
  const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const file = path.join(entry.parentPath, entry.name);
    const relative = path.relative(path.join(root, folder), file).split(path.sep).join("/");
    if (!entry.isFile() || !/\.tsx?$/.test(entry.name) || /\.(test|d)\.tsx?$/.test(entry.name)) continue;
    if (relative.startsWith("_generated/")) continue;
    const found = sourceFaults({ path: relative, text: await readFile(file, "utf8"), isComponent });
    faults.push(...found.map((fault) => ({ ...fault, where: `${folder}/${fault.where}` })));
  }
  return faults;
}
