/**
 * Runs in a child process, as plain Node with an empty environment: imports every pushed module the way a deployment
 * does at push time and writes what it found as JSON. Imports nothing but Node, because it is copied next to the
 * modules it evaluates. Clock, randomness, environment, timers and network are trapped while modules load: they
 * still work, but each use by a pushed module is recorded with the file that did it.
 *
 *   node evaluator.mjs JOB_FILE RESULT_FILE
 */
import { readFileSync, writeFileSync } from "node:fs";
import type { EvaluationJob, EvaluationResult, EvaluatedModuleJson, TrappedUse } from "./evaluation.js";

type Exported = Record<string, unknown>;

const [jobFile, resultFile] = process.argv.slice(2);
if (jobFile === undefined || resultFile === undefined)
  throw new Error("usage: evaluator JOB_FILE RESULT_FILE");
const job = JSON.parse(readFileSync(jobFile, "utf8")) as EvaluationJob;

const trapped: TrappedUse[] = [];
const seen = new Set<string>();

/** Records a use only if a pushed module is on the stack: Node itself reads the clock and the environment too. */
function trap(what: string): void {
  const at = (new Error().stack ?? "").split("\n").find((line) => line.includes(job.directory));
  if (at === undefined) return;
  const file = at.slice(at.indexOf(job.directory) + job.directory.length + 1).replace(/\)?$/, "");
  const key = `${what} ${file}`;
  if (seen.has(key)) return;
  seen.add(key);
  trapped.push({ what, at: file });
}

function trapMethod(owner: object, name: string, what: string): void {
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== "function") return;
  const wrapper = function (this: unknown, ...args: unknown[]): unknown {
    trap(what);
    return Reflect.apply(original, this, args) as unknown;
  };
  Object.defineProperty(owner, name, { value: wrapper, configurable: true, writable: true });
}

function installTraps(): void {
  const RealDate = Date;
  trapMethod(RealDate, "now", "Date.now()");
  globalThis.Date = new Proxy(RealDate, {
    construct(target, args: unknown[], newTarget) {
      if (args.length === 0) trap("new Date()");
      return Reflect.construct(target, args, newTarget) as object;
    },
    apply(target, thisArg, args: unknown[]) {
      trap("Date()");
      return Reflect.apply(target, thisArg, args) as unknown;
    },
  });
  trapMethod(Math, "random", "Math.random()");
  trapMethod(performance, "now", "performance.now()");
  trapMethod(crypto, "getRandomValues", "crypto.getRandomValues()");
  trapMethod(crypto, "randomUUID", "crypto.randomUUID()");
  for (const name of ["generateKey", "importKey", "deriveKey", "sign", "digest"]) {
    trapMethod(crypto.subtle, name, `crypto.subtle.${name}()`);
  }
  for (const name of ["fetch", "setTimeout", "setInterval", "setImmediate", "queueMicrotask"]) {
    trapMethod(globalThis, name, `${name}()`);
  }
  const environment = new Proxy(process.env, {
    get(target, name) {
      if (typeof name === "string") trap(`process.env.${name}`);
      return Reflect.get(target, name) as unknown;
    },
    ownKeys(target) {
      trap("process.env (enumerated)");
      return Reflect.ownKeys(target);
    },
  });
  Object.defineProperty(process, "env", { value: environment, configurable: true });
  // A deployment has no Buffer: a module that needs one at load time must fail here as it would there.
  Reflect.deleteProperty(globalThis, "Buffer");
}

const messageOf = (error: unknown) =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

const load = async (file: string): Promise<Exported> => (await import(file)) as Exported;

const call = (target: object, method: string): unknown => {
  const found: unknown = Reflect.get(target, method);
  if (typeof found !== "function") throw new Error(`no ${method}()`);
  return Reflect.apply(found, target, []) as unknown;
};

/** A validator as JSON text, or why it could not be exported (a validator that is `undefined` throws). */
function exported(target: object, method: string): { json: string } | { error: string } {
  try {
    return { json: String(call(target, method)) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

function describeModule(namespace: Exported): EvaluatedModuleJson {
  const functions: EvaluatedModuleJson["functions"] = [];
  for (const [name, value] of Object.entries(namespace)) {
    if (value === null || (typeof value !== "object" && typeof value !== "function")) continue;
    const kinds = (["isQuery", "isMutation", "isAction"] as const).filter((flag) => flag in value);
    if (kinds.length !== 1) continue;
    functions.push({
      name,
      kind: kinds[0] === "isQuery" ? "Query" : kinds[0] === "isMutation" ? "Mutation" : "Action",
      visibility: "isPublic" in value ? "public" : "isInternal" in value ? "internal" : null,
      args: exported(value, "exportArgs"),
      returns: exported(value, "exportReturns"),
    });
  }
  const main = namespace.default;
  const isObject = main !== null && typeof main === "object";
  return {
    functions,
    crons: isObject && "isCrons" in main ? String(call(main, "export")) : null,
    isRouter: isObject && "isRouter" in main,
  };
}

async function attempt<T>(
  work: () => Promise<T>,
): Promise<{ ok: true; value: T } | { ok: false; error: string }> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: messageOf(error) };
  }
}

const exportOfDefault = async (file: string): Promise<unknown> => {
  const main = (await load(file)).default;
  if (main === null || typeof main !== "object") throw new Error("the default export is missing");
  return call(main, "export");
};

installTraps();
const units: EvaluationResult["units"] = [];
for (const unit of job.units) {
  const modules: EvaluationResult["units"][number]["modules"] = [];
  for (const { path, file } of unit.modules) {
    modules.push({ path, result: await attempt(async () => describeModule(await load(file))) });
  }
  const { definition, schema } = unit;
  units.push({
    definitionPath: unit.definitionPath,
    definition: definition === null ? null : await attempt(() => exportOfDefault(definition)),
    schema: schema === null ? null : await attempt(async () => String(await exportOfDefault(schema))),
    modules,
  });
}
writeFileSync(resultFile, JSON.stringify({ units, trapped } satisfies EvaluationResult));
// A pushed module may have left a timer or a socket behind; nothing here is waited for.
process.exit(0);
