/**
 * The answer a deployment gives to a push that only wants code generated. Field by field it follows
 * `StartPushResponse` of the `convex` package; what code generation does not read is empty.
 */
import { z } from "zod";
import type { EvaluatedFunction, EvaluatedUnit, EvaluationResult } from "./evaluation.js";
import { parseValidator, sortKeys } from "./validatorJson.js";

const vDefinition = z.object({
  definitionType: z.unknown(),
  childComponents: z.unknown(),
  httpMounts: z.unknown(),
  envVars: z.array(z.tuple([z.string(), z.unknown()])).nullish(),
});

type ExportTree = Map<string, ExportTree | string>;
type ExportsJson = { type: "leaf"; leaf: string } | { type: "branch"; branch: [string, ExportsJson][] };

/** Throws one error that lists every module which could not be evaluated. */
export function startPushResponse(evaluation: EvaluationResult, serverVersion: string): unknown {
  const failures = evaluation.units.flatMap(failuresOf);
  if (failures.length > 0) throw new Error(failures.join("\n"));
  const analysis = evaluation.units.map(
    (unit) => [unit.definitionPath, analysisOf(unit, serverVersion)] as const,
  );
  return {
    environmentVariables: {},
    externalDepsId: null,
    componentDefinitionPackages: {},
    appAuth: [],
    analysis: Object.fromEntries(analysis),
    app: {
      definitionPath: "",
      componentPath: "",
      args: {},
      childComponents: {},
      httpRoutes: { httpModuleRoutes: null, mounts: [] },
      exports: {},
    },
    schemaChange: { allocatedComponentIds: {}, schemaIds: {} },
  };
}

function failuresOf(unit: EvaluatedUnit): string[] {
  const where = unit.definitionPath === "" ? "app" : unit.definitionPath;
  const failures: string[] = [];
  const note = (what: string, result: { ok: boolean; error?: string } | null) => {
    if (result !== null && !result.ok) failures.push(`${where}: ${what}: ${result.error ?? "failed"}`);
  };
  note("convex.config", unit.definition);
  note("schema", unit.schema);
  for (const module of unit.modules) {
    note(module.path, module.result);
    if (!module.result.ok) continue;
    for (const fn of module.result.value.functions) {
      for (const part of ["args", "returns"] as const) {
        const exported = fn[part];
        if ("error" in exported)
          failures.push(`${where}: ${module.path}:${fn.name} ${part}: ${exported.error}`);
      }
    }
  }
  return failures;
}

function analysisOf(unit: EvaluatedUnit, serverVersion: string): unknown {
  const definition = vDefinition.parse(
    unit.definition?.ok === true
      ? unit.definition.value
      : { definitionType: { type: "app" }, childComponents: [], httpMounts: {} },
  );
  const envVars = definition.envVars ?? null;
  return {
    definition: {
      ...definition,
      path: unit.definitionPath,
      // A deployment keeps declared variables in a sorted map.
      envVars: envVars === null ? null : [...envVars].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
      exports: unit.definitionPath === "" ? { type: "branch", branch: [] } : exportsOf(unit),
    },
    schema: unit.schema?.ok === true ? (JSON.parse(unit.schema.value) as unknown) : null,
    functions: Object.fromEntries(
      unit.modules.map(({ path, result }) => [
        path,
        {
          functions: result.ok ? result.value.functions.map(analyzedFunction) : [],
          httpRoutes: null,
          cronSpecs: null,
          sourceMapped: null,
        },
      ]),
    ),
    udfConfig: { serverVersion, importPhaseRngSeed: null, importPhaseUnixTimestamp: null },
  };
}

function analyzedFunction(fn: EvaluatedFunction): unknown {
  return {
    name: fn.name,
    pos: null,
    udfType: fn.kind,
    visibility: fn.visibility === null ? null : { kind: fn.visibility },
    args: normalized(fn.args),
    returns: normalized(fn.returns),
  };
}

function normalized(exported: EvaluatedFunction["args"]): string {
  if ("error" in exported) throw new Error(exported.error);
  return JSON.stringify(sortKeys(parseValidator(exported.json) ?? { type: "any" }));
}

/** Public functions as a tree of path segments, the way a component's parent addresses them. */
function exportsOf(unit: EvaluatedUnit): ExportsJson {
  const root: ExportTree = new Map();
  for (const { path, result } of unit.modules) {
    if (!result.ok) continue;
    for (const fn of result.value.functions) {
      if (fn.visibility !== "public") continue;
      let branch = root;
      for (const segment of path.replace(/\.js$/, "").split("/")) {
        const next = branch.get(segment);
        const child: ExportTree = next instanceof Map ? next : new Map<string, ExportTree | string>();
        branch.set(segment, child);
        branch = child;
      }
      branch.set(fn.name, `_reference/function/${path}:${fn.name}`);
    }
  }
  return branchJson(root);
}

const branchJson = (tree: ExportTree): ExportsJson => ({
  type: "branch",
  branch: [...tree].map(([name, value]) => [
    name,
    typeof value === "string" ? { type: "leaf", leaf: value } : branchJson(value),
  ]),
});
