import { currentFrame, type Frame } from "./frames.js";

type Syscalls = Pick<Frame, "syscall" | "asyncSyscall" | "jsSyscall">;
type Timer = "setTimeout" | "setInterval" | "setImmediate";

let isInstalled = false;

/**
 * Gives each running function the globals that Convex gives it: `Convex`, through which its library calls the platform,
 * its own `process.env`, a clock that stands still in transactions, no timers and no network there, a console of its own.
 * For everything else in the process nothing changes. Once per process, and before any `_generated/server` is loaded,
 * because that keeps `process.env`.
 */
export function installGlobals(): void {
  if (isInstalled) return;
  isInstalled = true;
  installConvex();
  installEnv();
  installClock();
  refuseInTransactions();
  installConsole();
}

function installConvex(): void {
  const holder = globalThis as unknown as { Convex: Syscalls | undefined };
  // Somebody else may run functions in this process too (convex-test does): theirs are not in a frame.
  let others = holder.Convex;
  Object.defineProperty(holder, "Convex", {
    configurable: true,
    enumerable: true,
    get: () => currentFrame() ?? others,
    set: (value: Syscalls | undefined) => {
      others = value;
    },
  });
}

function installEnv(): void {
  const real = process.env;
  process.env = new Proxy(real, {
    get: (_target, name) => {
      if (typeof name !== "string") return undefined;
      const frame = currentFrame();
      return frame ? frame.env[name] : real[name];
    },
  });
}

function installClock(): void {
  const RealDate = globalThis.Date;
  const realNow = RealDate.now;
  const realRandom = Math.random;
  const now = () => currentFrame()?.now() ?? realNow();
  RealDate.now = now;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
    apply: () => new RealDate(now()).toString(),
  });
  Math.random = () => currentFrame()?.random() ?? realRandom();
}

function refuseInTransactions(): void {
  const refuse = (name: string): never => {
    throw new Error(
      `Can't use ${name} in queries and mutations. Please consider using an action. See https://docs.convex.dev/functions/actions for more details.`,
    );
  };
  const { fetch } = globalThis;
  globalThis.fetch = (...args) => (currentFrame()?.isTransaction ? refuse("fetch()") : fetch(...args));
  for (const name of ["setTimeout", "setInterval", "setImmediate"] satisfies Timer[]) {
    const real = globalThis[name] as (...args: unknown[]) => unknown;
    const guarded = (...args: unknown[]) => (currentFrame()?.isTransaction ? refuse(name) : real(...args));
    // Node's timers carry their promise version as a property.
    Object.assign(globalThis, {
      [name]: Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(real)),
    });
  }
}

function installConsole(): void {
  for (const level of ["debug", "log", "info", "warn", "error"] as const) {
    const real = console[level].bind(console);
    console[level] = (...values: unknown[]) => {
      const frame = currentFrame();
      if (frame) frame.log(level.toUpperCase(), values);
      else real(...values);
    };
  }
}
