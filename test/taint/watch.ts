/**
 * Everything that transactions hand to the platform to keep, in every component, seen at the platform's own calls: rows of
 * all tables (also those deleted since), arguments of scheduled functions, stored files. And what was printed.
 */
import { vi } from "vitest";

interface Syscalls {
  syscall: (op: string, jsonArgs: string) => string;
  asyncSyscall: (op: string, jsonArgs: string) => Promise<string>;
  jsSyscall: (op: string, args: Record<string, unknown>) => Promise<unknown>;
}
export interface Seen {
  where: string;
  value: unknown;
}

/** What keeps its arguments: rows and scheduled calls. Other calls are reads, or run within the same transaction. */
const KEEPING = /^1\.0\/(insert|shallowMerge|replace|schedule|actions\/schedule)$/;

/** Starts watching; call after `convexTest()`, which creates `globalThis.Convex`, and `stop` at the end. */
export function watchPlatform(): { seen: Seen[]; stop: () => void } {
  const holder = globalThis as unknown as { Convex: Syscalls };
  const original = holder.Convex;
  const seen: Seen[] = [];
  holder.Convex = {
    syscall: (op, jsonArgs) => original.syscall(op, jsonArgs),
    asyncSyscall: (op, jsonArgs) => {
      if (KEEPING.test(op)) seen.push({ where: `write ${op}`, value: JSON.parse(jsonArgs) });
      return original.asyncSyscall(op, jsonArgs);
    },
    jsSyscall: async (op, args) => {
      if (op === "storage/storeBlob" && args.blob instanceof Blob)
        seen.push({ where: "stored file", value: await args.blob.arrayBuffer() });
      return await original.jsSyscall(op, args);
    },
  };
  const stop = () => {
    holder.Convex = original;
  };
  return { seen, stop };
}

/** Keeps what is printed instead of printing it. Restored by `vi.restoreAllMocks()`. */
export function watchConsole(): Seen[] {
  const seen: Seen[] = [];
  for (const level of ["debug", "log", "info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation((...values: unknown[]) => {
      seen.push({ where: `console.${level}`, value: values });
    });
  }
  return seen;
}
