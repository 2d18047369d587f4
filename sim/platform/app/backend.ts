import { randomUUID } from "node:crypto";
import { convexTest } from "convex-test";
import type { GenericMutationCtx, GenericDataModel, SchemaDefinition, GenericSchema } from "convex/server";
import type { Value } from "convex/values";
import { z } from "zod";
import { bridgeModule, HttpBridge } from "./bridge.js";
import type { Installation } from "./definition.js";
import { enterFunction, functionTypeOf, loadModules, type FunctionType, type ModuleMap } from "./modules.js";
import { installScopedEnv, resolveEnv, type StorageCalls } from "./scope.js";
import { installSyscalls } from "./syscalls.js";
import type { IndexFields, Write } from "../sync/reads.js";

/** A function as Convex addresses it: component instance path and `module:export`. */
export interface FunctionPath {
  componentPath: string;
  udfPath: string;
}
type Ctx = GenericMutationCtx<GenericDataModel> & {
  storage: { store(blob: Blob): Promise<string>; get(id: string): Promise<Blob | null> };
};

/** Members of convex-test that its types leave out. */
interface TestRuntime {
  registerComponent(path: string, schema: SchemaDefinition<GenericSchema, boolean>, modules: ModuleMap): void;
  runInComponent<T>(path: string, body: (ctx: Ctx) => Promise<T>): Promise<T>;
  fun(path: FunctionPath, args: Record<string, Value>): Promise<Value>;
}

/** The reasons for which Convex refuses a call before it runs; the message is Convex's own. */
export class CallRefused extends Error {}

interface Life {
  closed: boolean;
  onWrite: (write: Write) => void;
}

/** The app and its components, running inside convex-test. */
export class Backend {
  private readonly modules = new Map<string, ModuleMap>();

  private constructor(
    private readonly runtime: TestRuntime,
    readonly installations: readonly Installation[],
    private readonly http: HttpBridge,
    private readonly life: Life,
    /** Fields of every index, for subscriptions. */
    readonly indexFields: IndexFields,
  ) {}

  /**
   * @param provided environment variables of the deployment; each component sees what its parents bind.
   * @throws Error for a required variable that is missing, or code that cannot be loaded.
   */
  static async start(options: {
    installations: Installation[];
    provided: Readonly<Record<string, string>>;
    urls: { CONVEX_CLOUD_URL: string; CONVEX_SITE_URL: string };
    storage: StorageCalls;
    log: (line: string) => void;
  }): Promise<Backend> {
    installScopedEnv();
    const envs = resolveEnv(options.installations, options.provided, options.urls);
    const [app, ...components] = options.installations;
    if (!app) throw new Error("there is no app to run");
    const http = new HttpBridge();
    const life: Life = { closed: false, onWrite: () => undefined };
    const enter = ({ path }: Installation, functionType: FunctionType, name: string, body: () => unknown) =>
      enterFunction(
        {
          componentPath: path,
          functionType,
          env: envs.get(path) ?? {},
          storage: options.storage,
          onWrite: (write) => life.onWrite(write),
        },
        (line) => options.log(`${path === "" ? "" : `${path}/`}${name} ${line}`),
        body,
      );
    const serve = async (id: string, ctx: unknown, installation: Installation) =>
      http.serve(id, async (handler, request) =>
        enter(installation, "action", "http", () => handler(ctx, request)),
      );
    const modulesOf = (installation: Installation): ModuleMap => {
      const loaded = loadModules(installation.directory, (functionType, name, body) =>
        // A timer of convex-test may fire after the end; what it would run is held for ever.
        life.closed ? new Promise(() => undefined) : enter(installation, functionType, name, body),
      );
      return { ...loaded, ...bridgeModule((id, ctx) => serve(id, ctx, installation)) };
    };
    const appModules = modulesOf(app);
    const appSchema = await schemaOf(appModules);
    const indexFields = new Map([["", fieldsOfIndexes(appSchema)]]);
    const runtime = convexTest({
      schema: appSchema,
      modules: appModules,
    }) as unknown as TestRuntime;
    installSyscalls();
    const backend = new Backend(runtime, options.installations, http, life, indexFields);
    backend.modules.set("", appModules);
    for (const component of components) {
      const modules = modulesOf(component);
      backend.modules.set(component.path, modules);
      const schema = await requiredSchema(modules);
      indexFields.set(component.path, fieldsOfIndexes(schema));
      runtime.registerComponent(component.path, schema, modules);
    }
    return backend;
  }

  /**
   * Runs one function to its end.
   * @param expected refuse any other type.
   * @param publicOnly refuse internal functions, as for a client.
   * @throws CallRefused, or what the function throws.
   */
  async call(
    path: FunctionPath,
    args: Record<string, Value>,
    { expected, publicOnly }: { expected?: FunctionType | undefined; publicOnly: boolean },
  ): Promise<Value> {
    const udfPath = path.udfPath.replace(/\.[jt]s(?=:|$)/, "");
    const [modulePath = "", name = "default"] = udfPath.split(":");
    const module = await this.modules.get(path.componentPath)?.[`/${modulePath}.js`]?.();
    const target = module?.[name];
    const functionType = functionTypeOf(target);
    const isPublic = typeof target === "function" && "isPublic" in target && modulePath !== "__http";
    if (functionType === null || (publicOnly && !isPublic)) {
      throw new CallRefused(
        `Could not find ${publicOnly ? "public " : ""}function for '${udfPath}'. Did you forget to run \`npx convex dev\` or \`npx convex deploy\`?`,
      );
    }
    if (expected && expected !== functionType)
      throw new CallRefused(
        `Trying to execute ${udfPath} as ${capital(expected)}, but it is defined as ${capital(functionType)}.`,
      );
    return this.runtime.fun({ componentPath: path.componentPath, udfPath }, args);
  }

  /** Runs code as a transaction of one component, for the platform's own upkeep. */
  transaction<T>(componentPath: string, body: (ctx: Ctx) => Promise<T>): Promise<T> {
    return this.runtime.runInComponent(componentPath, body);
  }

  /** Answers an HTTP request by the `http.ts` of a component; null when it has no such route. */
  async handleHttp(componentPath: string, pathname: string, request: Request): Promise<Response | null> {
    const module = await this.modules.get(componentPath)?.["/http.js"]?.();
    if (!module) return null;
    return this.http.answer(randomUUID(), module.default, pathname, request, (id) =>
      this.runtime.fun({ componentPath, udfPath: "__http:handle" }, { id }),
    );
  }

  /** Default exports of a module in every component that has it. */
  async defaultExports(moduleName: string): Promise<{ componentPath: string; value: unknown }[]> {
    const found: { componentPath: string; value: unknown }[] = [];
    for (const [componentPath, modules] of this.modules) {
      const module = await modules[`/${moduleName}.js`]?.();
      if (module) found.push({ componentPath, value: module.default });
    }
    return found;
  }

  /** Who hears every write of every function from now on; it may still be rolled back. */
  onWrite(listener: (write: Write) => void): void {
    this.life.onWrite = listener;
  }

  /** From now on no function starts. */
  close(): void {
    this.life.closed = true;
  }
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** What `schema.export()` of convex 1.48 tells about indexes. */
const exportedSchema = z.object({
  tables: z.array(
    z.object({
      tableName: z.string(),
      indexes: z.array(z.object({ indexDescriptor: z.string(), fields: z.array(z.string()) })),
    }),
  ),
});

function fieldsOfIndexes(
  schema: SchemaDefinition<GenericSchema, boolean> | undefined,
): ReadonlyMap<string, readonly string[]> {
  if (!schema) return new Map();
  const exported = (schema as unknown as { export(): string }).export();
  const { tables } = exportedSchema.parse(JSON.parse(exported));
  return new Map(
    tables.flatMap(({ tableName, indexes }) =>
      indexes.map(({ indexDescriptor, fields }) => [`${tableName}.${indexDescriptor}`, fields] as const),
    ),
  );
}

async function schemaOf(modules: ModuleMap): Promise<SchemaDefinition<GenericSchema, boolean> | undefined> {
  const module = await modules["/schema.js"]?.();
  return module?.default as SchemaDefinition<GenericSchema, boolean> | undefined;
}

async function requiredSchema(modules: ModuleMap): Promise<SchemaDefinition<GenericSchema, boolean>> {
  const { defineSchema } = await import("convex/server");
  return (await schemaOf(modules)) ?? defineSchema({}, { schemaValidation: false });
}
