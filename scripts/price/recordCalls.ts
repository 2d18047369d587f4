/**
 * Which functions call which, seen by standing around the handlers of the modules that convex-test runs: an HTTP request or a
 * call is recorded with every call that it makes before it ends. What is scheduled runs later, on its own account.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** A call of a Convex function and the calls that it made itself. */
export type RecordedCall = {
  /** `""` for the app, otherwise the name that it gave the component. */
  readonly component: string;
  /** Without the suffix. */
  readonly module: string;
  readonly fn: string;
  readonly nested: RecordedCall[];
};

type ModuleMap = Record<string, () => Promise<Record<string, unknown>>>;
type Handler = (ctx: unknown, args: unknown) => unknown;
type Caller = { running: boolean; readonly nested: RecordedCall[] };

const callers = new AsyncLocalStorage<Caller>();

/** The functions called by `work` directly, each with its own. */
export async function recordCalls(work: () => Promise<unknown>): Promise<RecordedCall[]> {
  const caller: Caller = { running: true, nested: [] };
  await callers.run(caller, work);
  caller.running = false;
  return caller.nested;
}

/** The modules of a functions folder for convex-test, their handlers recorded. */
export function recordedModules(folder: string, component: string): ModuleMap {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => file.split(path.sep).join("/"))
    .filter((file) => /\.[jt]s$/.test(file) && !/\.(test|d)\.ts$/.test(file));
  return Object.fromEntries(
    files.map((file) => [
      `./${path.basename(folder)}/${file}`,
      async () => {
        const loaded: unknown = await import(pathToFileURL(path.join(folder, file)).href);
        return recorded(loaded as Record<string, unknown>, component, file.replace(/\.[jt]s$/, ""));
      },
    ]),
  );
}

const recorded = (exports: Record<string, unknown>, component: string, module: string) =>
  Object.fromEntries(
    Object.entries(exports).map(([fn, value]) => {
      // `_handler` is where `convex` keeps what a query, mutation or action was made of.
      if (typeof value !== "function" || !("_handler" in value)) return [fn, value];
      const handler = value._handler as Handler;
      const inside: Handler = (ctx, args) =>
        enter({ component, module, fn, nested: [] }, () => handler(ctx, args));
      return [fn, Object.assign(() => undefined, value, { _handler: inside })];
    }),
  );

async function enter(call: RecordedCall, body: () => unknown): Promise<unknown> {
  const caller = callers.getStore();
  // A timer carries the caller that scheduled it, which has ended by then.
  if (caller?.running === true) caller.nested.push(call);
  const own: Caller = { running: true, nested: call.nested };
  try {
    return await callers.run(own, body);
  } finally {
    own.running = false;
  }
}

/** How many calls are made within a call, and within those. */
export const nestedCalls = ({ nested }: Pick<RecordedCall, "nested">): number =>
  nested.reduce((sum, call) => sum + 1 + nestedCalls(call), 0);
