/** An evaluated app or component in the form the rules read, and what a rule reports. */
import { z } from "zod";
import type { EvaluatedFunction, EvaluatedUnit } from "../deployment/evaluation.js";
import type { PushedUnit } from "../deployment/pushRequest.js";
import { parseValidator, type ValidatorJson, vValidatorJson } from "../deployment/validatorJson.js";

/** One reason a deployment would refuse the push, or the product would misbehave after it. */
export type Fault = { readonly rule: string; readonly where: string; readonly message: string };

export type DeployedFunction = {
  readonly name: string;
  readonly kind: "Query" | "Mutation" | "Action";
  readonly visibility: "public" | "internal" | null;
  /** `null` when none was given; `error` when exporting it threw. */
  readonly args: ValidatorJson | null | { readonly error: string };
  readonly returns: ValidatorJson | null | { readonly error: string };
};

export type DeployedModule = {
  /** As pushed, with the `.js` suffix. */
  readonly path: string;
  readonly environment: "isolate" | "node";
  /** Why importing it failed, or `null`. */
  readonly error: string | null;
  readonly functions: readonly DeployedFunction[];
  /** Cron name -> `module/path:function`, when the default export is a cron table. */
  readonly crons: Readonly<Record<string, string>> | null;
  readonly isRouter: boolean;
};

const vSearchIndex = z.object({
  indexDescriptor: z.string(),
  searchField: z.string(),
  filterFields: z.array(z.string()).default([]),
});
const vVectorIndex = z.object({
  indexDescriptor: z.string(),
  vectorField: z.string(),
  filterFields: z.array(z.string()).default([]),
});
const vIndex = z.object({ indexDescriptor: z.string(), fields: z.array(z.string()) });

const vSchema = z.object({
  tables: z.array(
    z.object({
      tableName: z.string(),
      indexes: z.array(vIndex),
      stagedDbIndexes: z.array(vIndex).default([]),
      searchIndexes: z.array(vSearchIndex).default([]),
      vectorIndexes: z.array(vVectorIndex).default([]),
      documentType: vValidatorJson,
    }),
  ),
  schemaValidation: z.boolean(),
});
type DeployedSchema = z.infer<typeof vSchema>;
export type DeployedTable = DeployedSchema["tables"][number];

export type DeployUnit = {
  /** `app`, or the component's path relative to the app's functions folder. */
  readonly name: string;
  readonly isComponent: boolean;
  readonly modules: readonly DeployedModule[];
  readonly schema: DeployedSchema | null;
  /** Why the convex.config or the schema failed to evaluate. */
  readonly errors: readonly { readonly part: "convex.config" | "schema"; readonly error: string }[];
};

export type Rule = (unit: DeployUnit) => Fault[];

const vCrons = z.record(z.string(), z.object({ name: z.string() }));

/** Joins what was pushed with what evaluating it found. Modules marked `node` are listed but were not evaluated. */
export function deployUnit(pushed: PushedUnit, evaluated: EvaluatedUnit): DeployUnit {
  const found = new Map(evaluated.modules.map((module) => [module.path, module.result]));
  const modules = pushed.modules
    .filter((module) => !module.path.startsWith("_deps/"))
    .map(({ path, environment }): DeployedModule => {
      const result = found.get(path);
      if (result === undefined || !result.ok) {
        const error = result === undefined ? null : result.error;
        return { path, environment, error, functions: [], crons: null, isRouter: false };
      }
      const { functions, crons, isRouter } = result.value;
      return {
        path,
        environment,
        error: null,
        functions: functions.map((fn) => ({
          name: fn.name,
          kind: fn.kind,
          visibility: fn.visibility,
          args: validatorOf(fn.args),
          returns: validatorOf(fn.returns),
        })),
        crons: crons === null ? null : cronTargets(crons),
        isRouter,
      };
    });
  const errors: DeployUnit["errors"][number][] = [];
  if (evaluated.definition?.ok === false)
    errors.push({ part: "convex.config", error: evaluated.definition.error });
  if (evaluated.schema?.ok === false) errors.push({ part: "schema", error: evaluated.schema.error });
  return {
    name: pushed.definitionPath === "" ? "app" : pushed.definitionPath,
    isComponent: pushed.definitionPath !== "",
    modules,
    schema: evaluated.schema?.ok === true ? vSchema.parse(JSON.parse(evaluated.schema.value)) : null,
    errors,
  };
}

function validatorOf(exported: EvaluatedFunction["args"]): DeployedFunction["args"] {
  return "error" in exported ? { error: exported.error } : parseValidator(exported.json);
}

function cronTargets(json: string): Record<string, string> {
  const crons = vCrons.parse(JSON.parse(json));
  return Object.fromEntries(Object.entries(crons).map(([name, { name: target }]) => [name, target]));
}
