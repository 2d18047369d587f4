/** What loading each module of a push costs: its import closure, the bytes of it, and how long a fresh context takes. */
import { evaluatePush } from "../deployment/evaluatePush.js";
import { withPlantedProject } from "../deployment/plantedProject.js";
import { type PushRequest, unitsOf } from "../deployment/pushRequest.js";
import { pushRequestOf } from "../deployment/pushRequestOf.js";
import type { Loaded, LoadEntry } from "./loading.js";
import { loadModules } from "./loadModules.js";

/** Fresh contexts per module that has limits; the shortest time of 25 repeats within a tenth, on a busy machine, too. */
const ROUNDS = 25;
/** Fresh contexts per module that is only listed. */
const LISTED_ROUNDS = 3;

type ModuleKind = "public" | "route" | "internal";

export type ModulePrice = {
  /** `app`, or the component's path relative to the app's functions folder. */
  readonly unit: string;
  /** As pushed, with the `.js` suffix. */
  readonly path: string;
  readonly kind: ModuleKind;
  /** How many functions it registers; 0 for a router. */
  readonly functions: number;
  /** Modules that one call loads, the module itself included. */
  readonly modules: number;
  /** Of the source text of all of them, in UTF-8. */
  readonly bytes: number;
  /** Shortest time of a fresh context to compile and link, and to evaluate, in ms of the processor. */
  readonly loadMs: number;
  readonly evalMs: number;
  /** `evalMs` in units of a bare mutation's. */
  readonly evalRatio: number;
  /** The closure's source texts. */
  readonly texts: readonly string[];
};

export type PricedModules = {
  readonly bare: ModulePrice;
  readonly modules: readonly ModulePrice[];
  /** Cron name -> `module/path:function`, of the component. */
  readonly crons: readonly (readonly [name: string, target: string])[];
};

export type PricedProject = {
  readonly root: string;
  /** The component's folder relative to the app's functions folder, as the CLI names it. */
  readonly component: string;
};

/** A module that registers one mutation and imports nothing but `convex/server`: what no component can go below. */
const BARE = {
  "child/lib.ts":
    'import { mutationGeneric } from "convex/server";\n' +
    'export const bare = mutationGeneric({ args: {}, handler: async (ctx) => void (await ctx.db.insert("rows", {})) });\n',
};

/** Throws when the CLI refuses to bundle, or when a pushed module does not load. */
export async function priceModules(project: PricedProject, signal?: AbortSignal): Promise<PricedModules> {
  const request = await bundled(project.root, signal);
  const bare = await withPlantedProject(BARE, (root) => bundled(root, signal));
  const evaluation = await evaluatePush(request, signal);
  const units = new Map(unitsOf(request).map((unit) => [unit.definitionPath, unit]));
  const bareUnit = unitsOf(bare).find(({ definitionPath }) => definitionPath !== "")!;

  const found: (Pick<ModulePrice, "unit" | "path" | "kind" | "functions"> & { rounds: number })[] = [];
  const crons: (readonly [string, string])[] = [];
  for (const { definitionPath, modules } of evaluation.units) {
    if (definitionPath !== "" && definitionPath !== project.component) continue;
    const unit = definitionPath === "" ? "app" : definitionPath;
    for (const { path, result } of modules) {
      if (!result.ok) throw new Error(`${unit}: ${path} does not load: ${result.error}`);
      const { functions, isRouter, crons: cronJson } = result.value;
      if (cronJson !== null && unit !== "app") crons.push(...cronTargets(cronJson));
      const isPublic = functions.some(({ visibility }) => visibility === "public");
      // Of the app only the routes matter: its own functions are its own affair.
      if (unit === "app" ? !isRouter : functions.length === 0) continue;
      const kind = isRouter ? "route" : isPublic ? "public" : "internal";
      const rounds = kind === "internal" ? LISTED_ROUNDS : ROUNDS;
      found.push({ unit, path, kind, functions: functions.length, rounds });
    }
  }
  const entries: LoadEntry[] = [
    { unit: "bare", path: "lib.js", rounds: ROUNDS },
    ...found.map(({ unit, path, rounds }) => ({ unit, path, rounds })),
  ];
  const sources = {
    bare: sourcesOf(bareUnit.modules),
    app: sourcesOf(units.get("")?.modules ?? []),
    [project.component]: sourcesOf(units.get(project.component)?.modules ?? []),
  };
  const [bareLoaded, ...loaded] = await loadModules({ units: sources, entries }, signal);
  const bareMs = Math.min(...bareLoaded!.evalMs);
  const price = (
    module: Pick<ModulePrice, "unit" | "path" | "kind" | "functions">,
    { closure, ...times }: Loaded,
  ): ModulePrice => {
    const texts = closure.map((path) => sources[module.unit]![path]!);
    const evalMs = Math.min(...times.evalMs);
    return {
      ...module,
      modules: closure.length,
      bytes: texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
      loadMs: Math.min(...times.loadMs),
      evalMs,
      evalRatio: evalMs / bareMs,
      texts,
    };
  };
  return {
    bare: price({ unit: "bare", path: "lib.js", kind: "public", functions: 1 }, bareLoaded!),
    modules: found.map(({ rounds: _rounds, ...module }, index) => price(module, loaded[index]!)),
    crons,
  };
}

async function bundled(root: string, signal?: AbortSignal): Promise<PushRequest> {
  const bundling = await pushRequestOf(root, signal);
  if ("refusal" in bundling) throw new Error(`the Convex CLI does not bundle ${root}:\n${bundling.refusal}`);
  return bundling.request;
}

const sourcesOf = (modules: readonly { path: string; source: string }[]): Record<string, string> =>
  Object.fromEntries(modules.map(({ path, source }) => [path, source]));

function cronTargets(json: string): [string, string][] {
  const crons = JSON.parse(json) as Record<string, { name: string }>;
  return Object.entries(crons).map(([name, { name: target }]) => [name, target]);
}
