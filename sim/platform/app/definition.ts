import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { z } from "zod";
import { allowMissingEndings } from "./missingEndings.js";

/** One installed component: the app itself has path "" and no parent. */
export interface Installation {
  /** Instance names joined by `/`, as Convex writes them. */
  path: string;
  /** Folder with `convex.config` and the functions. */
  directory: string;
  /** Environment variables its functions may read; undefined means all (an app that declares none). */
  declaredEnv: { name: string; optional: boolean }[] | undefined;
  /** How the parent binds them: to one of its own variables, or to a text. */
  envBindings: Map<string, { from: string } | { value: string }>;
  /** URL prefix without trailing slash under which the parent mounts its http.ts. */
  httpPrefix: string | undefined;
}

interface Definition {
  directory: string;
  defaultName: string;
  declaredEnv: Installation["declaredEnv"];
  children: Child[];
}

interface Child {
  name: string;
  definition: Definition;
  envBindings: Installation["envBindings"];
  httpPrefix: string | undefined;
}

const bindingSchema = z.union([
  z.string().transform((value) => ({ value })),
  z.object({ __envVarRef: z.string() }).transform((ref) => ({ from: ref.__envVarRef })),
]);
/** What `defineApp` and `defineComponent` leave behind; these fields are internal to convex 1.48. */
const definitionSchema = z.object({
  _name: z.string().optional(),
  _env: z.record(z.string(), z.object({ isOptional: z.enum(["optional", "required"]) })).optional(),
  _childComponents: z.array(
    z.tuple([
      z.string(),
      z.object({ componentDefinitionPath: z.string() }),
      z.record(z.string(), bindingSchema).nullable(),
      z.string().optional(),
    ]),
  ),
});

/**
 * Evaluates `convex.config` of an app and of every component it uses, as a push would.
 * @returns the app first, then its components, parents before children.
 * @throws Error when a binding is missing or undeclared, or a config cannot be loaded.
 */
export async function loadInstallations(appDirectory: string): Promise<Installation[]> {
  allowMissingEndings();
  const app = await loadDefinition(appDirectory, new Map());
  const installations: Installation[] = [];
  const install = (
    definition: Definition,
    place: Pick<Installation, "path" | "envBindings" | "httpPrefix">,
  ) => {
    installations.push({ ...place, directory: definition.directory, declaredEnv: definition.declaredEnv });
    for (const child of definition.children) {
      const childPath = place.path === "" ? child.name : `${place.path}/${child.name}`;
      checkBindings(childPath, definition, child);
      install(child.definition, {
        path: childPath,
        envBindings: child.envBindings,
        httpPrefix: child.httpPrefix,
      });
    }
  };
  install(app, { path: "", envBindings: new Map(), httpPrefix: undefined });
  return installations;
}

function checkBindings(childPath: string, parent: Definition, child: Child): void {
  const declared = child.definition.declaredEnv ?? [];
  const parentNames = (parent.declaredEnv ?? []).map((variable) => variable.name);
  for (const [name, binding] of child.envBindings) {
    if (!declared.some((variable) => variable.name === name))
      throw new Error(`${childPath} does not declare the environment variable ${name} it is given`);
    if ("from" in binding && !parentNames.includes(binding.from))
      throw new Error(`${childPath} binds ${name} to ${binding.from}, which its parent does not declare`);
  }
  const missing = declared.filter((variable) => !variable.optional && !child.envBindings.has(variable.name));
  if (missing.length > 0)
    throw new Error(`${childPath} requires ${missing.map((variable) => variable.name).join(", ")}`);
}

async function loadDefinition(directory: string, loaded: Map<string, Definition>): Promise<Definition> {
  const known = loaded.get(directory);
  if (known) return known;
  const file = configFile(directory);
  for (const childDirectory of importedComponents(file)) {
    const child = await loadDefinition(childDirectory, loaded);
    // The bundler would replace the import by exactly this; `use` reads nothing else from it.
    Object.assign(await importDefault(configFile(childDirectory)), {
      componentDefinitionPath: childDirectory,
      defaultName: child.defaultName,
    });
  }
  const raw = definitionSchema.parse(await importDefault(file));
  const definition: Definition = {
    directory,
    defaultName: raw._name ?? "app",
    declaredEnv:
      raw._env &&
      Object.entries(raw._env).map(([name, validator]) => ({
        name,
        optional: validator.isOptional === "optional",
      })),
    children: raw._childComponents.map(([name, imported, env, httpPrefix]) => ({
      name,
      definition: loaded.get(imported.componentDefinitionPath)!,
      envBindings: new Map(Object.entries(env ?? {})),
      httpPrefix: httpPrefix?.replace(/\/$/, ""),
    })),
  };
  loaded.set(directory, definition);
  return definition;
}

async function importDefault(file: string): Promise<object> {
  const module: unknown = await import(/* @vite-ignore */ pathToFileURL(file).href);
  return z
    .object({ default: z.custom<object>((value) => typeof value === "object" && value !== null) })
    .parse(module).default;
}

function configFile(directory: string): string {
  const file = ["convex.config.ts", "convex.config.js"]
    .map((name) => path.join(directory, name))
    .find((candidate) => existsSync(candidate));
  if (!file) throw new Error(`no convex.config in ${directory}`);
  return file;
}

function importedComponents(file: string): string[] {
  const specifiers = readFileSync(file, "utf8").matchAll(
    /from\s+["']([^"']*\/convex\.config(?:\.js|\.ts)?)["']/g,
  );
  return [...specifiers].map(([, specifier = ""]) => path.dirname(resolveFrom(file, specifier)));
}

/** This repository's own component is taken from its source, whatever build lies around. */
const OWN_CONFIG = "@okrlinkhub/agent-factory/convex.config.js";
const OWN_SOURCE = fileURLToPath(new URL("../../../src/component/convex.config.ts", import.meta.url));

/** A package is looked up from where it is imported: two versions of one may be installed, one inside the other. */
function resolveFrom(file: string, specifier: string): string {
  if (specifier === OWN_CONFIG) return OWN_SOURCE;
  if (specifier.startsWith(".")) return path.resolve(path.dirname(file), specifier);
  return file.includes(`${path.sep}node_modules${path.sep}`)
    ? createRequire(file).resolve(specifier)
    : fileURLToPath(import.meta.resolve(specifier));
}
