import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { runInScope, type Scope } from "./scope.js";

/** What a registered Convex function carries; these fields are internal to convex 1.48. */
export interface RegisteredFunction {
  isQuery?: true;
  isMutation?: true;
  isAction?: true;
  isPublic?: true;
  isInternal?: true;
  _handler: (ctx: unknown, args: unknown) => unknown;
}

export type FunctionType = Scope["functionType"];
export type ModuleMap = Record<string, () => Promise<Record<string, unknown>>>;

/** `query`, `mutation` or `action` for a registered function, null for any other value (http actions included). */
export function functionTypeOf(value: unknown): FunctionType | null {
  if (typeof value !== "function") return null;
  const registered = value as Partial<RegisteredFunction>;
  if (typeof registered._handler !== "function") return null;
  if (registered.isQuery) return "query";
  if (registered.isMutation) return "mutation";
  return registered.isAction ? "action" : null;
}

/**
 * The functions of one component as convex-test wants them: path without folder to a loader. Nested components,
 * tests and generated files are left out, as in a push.
 * @param enter wraps every handler call, so that the platform knows which function runs.
 */
export function loadModules(
  directory: string,
  enter: (functionType: FunctionType, name: string, body: () => unknown) => unknown,
): ModuleMap {
  // convex-test finds the root of the map by a path with `_generated` in it; its content is never read.
  const modules: ModuleMap = { "/_generated/api.js": () => Promise.resolve({}) };
  for (const file of moduleFiles(directory)) {
    const modulePath = path
      .relative(directory, file)
      .split(path.sep)
      .join("/")
      .replace(/\.[jt]s$/, "");
    let loaded: Promise<Record<string, unknown>> | undefined;
    modules[`/${modulePath}.js`] = () => (loaded ??= loadModule(file, modulePath, enter));
  }
  return modules;
}

async function loadModule(
  file: string,
  modulePath: string,
  enter: Parameters<typeof loadModules>[1],
): Promise<Record<string, unknown>> {
  const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(module).map(([name, value]) => {
      const functionType = functionTypeOf(value);
      if (functionType === null) return [name, value];
      const registered = value as RegisteredFunction;
      const inside = (ctx: unknown, args: unknown) =>
        enter(functionType, `${modulePath}:${name}`, () => registered._handler(ctx, args));
      return [name, Object.assign(() => undefined, registered, { _handler: inside })];
    }),
  );
}

function moduleFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(directory, entry.name);
    if (entry.isDirectory()) {
      const isComponent = ["ts", "js"].some((ending) =>
        existsSync(path.join(full, `convex.config.${ending}`)),
      );
      return entry.name === "_generated" || isComponent ? [] : moduleFiles(full);
    }
    return /^[^.]+\.[jt]s$/.test(entry.name) ? [full] : [];
  });
}

/** Runs `body` with the console of the function replaced, so that its lines go to the platform's log. */
export function enterFunction(scope: Scope, log: (line: string) => void, body: () => unknown): unknown {
  return runInScope(scope, () => {
    const write =
      (level: string) =>
      (...values: unknown[]) =>
        log(
          `[${level}] ${values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(" ")}`,
        );
    // convex-test keeps globals per call, so this assignment reaches no other function.
    globalThis.console = Object.assign(Object.create(console) as Console, {
      debug: write("DEBUG"),
      log: write("LOG"),
      info: write("INFO"),
      warn: write("WARN"),
      error: write("ERROR"),
    });
    return body();
  });
}
