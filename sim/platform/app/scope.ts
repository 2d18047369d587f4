import { AsyncLocalStorage } from "node:async_hooks";
import type { Write } from "../sync/reads.js";
import type { Installation } from "./definition.js";

/** Which Convex function is running right now, and what it may see. */
export interface Scope {
  readonly componentPath: string;
  readonly functionType: "query" | "mutation" | "action";
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly storage: StorageCalls;
  /** Hears every write of the function; it may still be rolled back. */
  readonly onWrite: (write: Write) => void;
}

/** What the platform answers in place of convex-test when a function uses `ctx.storage`. */
export interface StorageCalls {
  uploadUrl(componentPath: string): string;
  fileUrl(componentPath: string, storageId: string): string;
  /** Runs a storage write of an action as a transaction of its own. */
  store(componentPath: string, blob: Blob): Promise<string>;
  remove(componentPath: string, storageId: string): Promise<void>;
}

const running = new AsyncLocalStorage<Scope>();

/** Runs a function's handler as part of `scope`; nested calls have their own. */
export const runInScope = <T>(scope: Scope, body: () => T): T => running.run(scope, body);

/** The scope of the function that is running, if any. */
export const currentScope = (): Scope | undefined => running.getStore();

/**
 * Values each component sees, by its path: the declared ones, resolved through the bindings of its parents. As on Convex a
 * binding is a reference: a variable that is changed in `provided` later is seen changed.
 * @param provided the deployment's environment variables, given to the app.
 * @throws Error naming every required variable of the app that is missing.
 */
export function resolveEnv(
  installations: Installation[],
  provided: Readonly<Record<string, string>>,
  platform: Readonly<Record<string, string>>,
): Map<string, Record<string, string | undefined>> {
  const resolved = new Map<string, Record<string, string | undefined>>();
  for (const installation of installations) {
    if (installation.path === "") {
      const missing = (installation.declaredEnv ?? []).filter(
        (variable) => !variable.optional && provided[variable.name] === undefined,
      );
      if (missing.length > 0)
        throw new Error(`the app requires ${missing.map((variable) => variable.name).join(", ")}`);
      const get = (_target: object, name: string | symbol) =>
        typeof name === "string" ? (platform[name] ?? provided[name]) : undefined;
      resolved.set("", new Proxy<Record<string, string | undefined>>({}, { get }));
      continue;
    }
    const parentPath = installation.path.split("/").slice(0, -1).join("/");
    const parent = resolved.get(parentPath) ?? {};
    const own: Record<string, string | undefined> = {};
    for (const [name, binding] of installation.envBindings)
      Object.defineProperty(own, name, {
        enumerable: true,
        get: () => ("value" in binding ? binding.value : parent[binding.from]),
      });
    resolved.set(installation.path, Object.assign(own, platform));
  }
  return resolved;
}

let envInstalled = false;

/**
 * Makes `process.env` answer per component while a Convex function runs, and as always otherwise. Once per process;
 * it has to be in place before any `_generated/server` is loaded, because that keeps the object.
 */
export function installScopedEnv(): void {
  if (envInstalled) return;
  envInstalled = true;
  const real = process.env;
  process.env = new Proxy(real, {
    get: (_target, name) => {
      if (typeof name !== "string") return undefined;
      const scope = currentScope();
      return scope ? scope.env[name] : real[name];
    },
  });
}
