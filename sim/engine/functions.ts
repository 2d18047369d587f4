import type { HttpRouter } from "convex/server";
import type { ValidatorJSON } from "convex/values";
import { z } from "zod";
import { CallRefused } from "./errors.js";
import { outsideFrames } from "./frames.js";

/** Modules of a component by path without ending, such as `queue/claim`; loaded when first needed. */
export type ModuleMap = Readonly<Record<string, () => Promise<unknown>>>;

/** One instance of a component: the app itself has the path "". */
export interface ComponentSource {
  /** Instance names joined by `/`. */
  path: string;
  /** Its functions, and `schema`, `http`, `crons` if it has them. */
  modules: ModuleMap;
  /** What its `process.env` says. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** A function as Convex addresses it. */
export interface FunctionPath {
  componentPath: string;
  /** `module:export`. */
  udfPath: string;
}

export type FunctionType = "query" | "mutation" | "action";

/** What a registered function of convex 1.48 carries. */
interface Registered {
  isQuery?: true;
  isMutation?: true;
  isAction?: true;
  isPublic?: true;
  exportArgs(): string;
  exportReturns(): string;
  invokeQuery(argsJson: string): Promise<string>;
  invokeMutation(argsJson: string): Promise<string>;
  invokeAction(requestId: string, argsJson: string): Promise<string>;
}
type HttpHandler = { invokeHttpAction(request: Request): Promise<Response> };

/** A function that can be run. */
export interface Target extends FunctionPath {
  readonly type: FunctionType;
  readonly isPublic: boolean;
  readonly args: ValidatorJSON;
  /** null: anything. */
  readonly returns: ValidatorJSON | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  invoke(argsJson: string): Promise<string>;
}

/** How functions name one another; these fields are what the library of convex 1.48 sends. */
export const addressSchema = z.union([
  z.object({ name: z.string() }),
  z.object({ functionHandle: z.string() }),
  z.object({ reference: z.string() }),
]);
export type Address = z.output<typeof addressSchema>;

const validatorJson = z.custom<ValidatorJSON>((value) => typeof value === "object" && value !== null);
const HANDLE = "function://";
const CHILD = "_reference/childComponent/";

/** All functions of the deployment. */
export class FunctionRegistry {
  private readonly components = new Map<string, ComponentSource>();
  private readonly known = new Map<string, Promise<Target | null>>();
  private readonly loaded = new Map<string, Promise<Record<string, unknown>>>();

  constructor(sources: readonly ComponentSource[]) {
    for (const source of sources) this.components.set(source.path, source);
  }

  /** A module of a component; null when there is none. */
  module(componentPath: string, name: string): Promise<Record<string, unknown>> | null {
    const load = this.components.get(componentPath)?.modules[name];
    if (!load) return null;
    const key = `${componentPath}|${name}`;
    const loading = this.loaded.get(key) ?? (outsideFrames(load) as Promise<Record<string, unknown>>);
    this.loaded.set(key, loading);
    return loading;
  }

  async loadAll(): Promise<void> {
    for (const { path, modules } of this.components.values())
      await Promise.all(Object.keys(modules).map(async (name) => this.module(path, name)));
  }

  envOf(componentPath: string): Readonly<Record<string, string | undefined>> {
    return this.components.get(componentPath)?.env ?? {};
  }

  /** The function at a path; null when there is none. */
  find({ componentPath, udfPath }: FunctionPath): Promise<Target | null> {
    const path = normalized(udfPath);
    const key = `${componentPath}|${path}`;
    const target = this.known.get(key) ?? this.load(componentPath, path);
    this.known.set(key, target);
    return target;
  }

  /**
   * What an address means to a function of this component: its own functions, public ones of a child, and whatever it
   * has a handle of.
   * @throws CallRefused when it means nothing.
   */
  async resolve(componentPath: string, address: Address): Promise<Target> {
    const path = pathOf(componentPath, address);
    const found = path && (await this.find(path));
    const isReachable = found && (!("reference" in address) || found.isPublic);
    if (!isReachable) throw new CallRefused(`Couldn't resolve ${nameOf(address)}`);
    return found;
  }

  /** The text by which any component can call the function. */
  handleOf({ componentPath, udfPath }: FunctionPath): string {
    return `${HANDLE}${Buffer.from(componentPath).toString("base64url")}#${udfPath}`;
  }

  /** The handler of an HTTP route of the component; null without one. */
  async route(componentPath: string, pathname: string, method: string): Promise<HttpHandler | null> {
    const module = await this.module(componentPath, "http");
    const found = (module?.default as HttpRouter | undefined)?.lookup(pathname, method as "GET");
    return found ? (found[0] as unknown as HttpHandler) : null;
  }

  /** Default exports of a module in every component that has it. */
  async defaultExports(name: string): Promise<{ componentPath: string; value: unknown }[]> {
    const found: { componentPath: string; value: unknown }[] = [];
    for (const componentPath of this.components.keys()) {
      const module = await this.module(componentPath, name);
      if (module) found.push({ componentPath, value: module.default });
    }
    return found;
  }

  private async load(componentPath: string, udfPath: string): Promise<Target | null> {
    const [modulePath = "", name = "default"] = udfPath.split(":");
    const module = await this.module(componentPath, modulePath);
    const registered = module?.[name] as Registered | undefined;
    const type = functionTypeOf(registered);
    if (!registered || !type) return null;
    const invoke = {
      query: (argsJson: string) => registered.invokeQuery(`[${argsJson}]`),
      mutation: (argsJson: string) => registered.invokeMutation(`[${argsJson}]`),
      action: (argsJson: string) => registered.invokeAction("", `[${argsJson}]`),
    };
    return {
      componentPath,
      udfPath,
      type,
      isPublic: registered.isPublic === true,
      args: validatorJson.parse(JSON.parse(registered.exportArgs())),
      returns: validatorJson.nullable().parse(JSON.parse(registered.exportReturns())),
      env: this.envOf(componentPath),
      invoke: invoke[type],
    };
  }
}

function functionTypeOf(registered: Partial<Registered> | undefined): FunctionType | null {
  if (!registered?.exportArgs) return null;
  if (registered.isQuery) return "query";
  if (registered.isMutation) return "mutation";
  return registered.isAction ? "action" : null;
}

function pathOf(componentPath: string, address: Address): FunctionPath | null {
  if ("name" in address) return { componentPath, udfPath: normalized(address.name) };
  if ("functionHandle" in address) {
    const [component = "", udfPath = ""] = address.functionHandle.slice(HANDLE.length).split("#");
    return { componentPath: Buffer.from(component, "base64url").toString(), udfPath };
  }
  const { reference } = address;
  if (!reference.startsWith(CHILD)) return null;
  const [child = "", ...rest] = reference.slice(CHILD.length).split("/");
  const name = rest.pop() ?? "";
  return {
    componentPath: componentPath === "" ? child : `${componentPath}/${child}`,
    udfPath: `${rest.join("/")}:${name}`,
  };
}

const nameOf = (address: Address): string =>
  "name" in address ? address.name : "reference" in address ? address.reference : address.functionHandle;

/** `a/b.js:c` and `a/b:c` are one; without a name it is the default export. */
function normalized(udfPath: string): string {
  const [modulePath = "", name = "default"] = udfPath.split(":");
  return `${modulePath.replace(/\.[jt]s$/, "")}:${name}`;
}

/** As statistics and logs write it: `agentFactory/lib:claim`. */
export const displayName = ({ componentPath, udfPath }: FunctionPath): string =>
  componentPath === "" ? udfPath : `${componentPath}/${udfPath}`;
