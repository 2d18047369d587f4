import { AsyncLocalStorage } from "node:async_hooks";
import { z } from "zod";
import { currentReads } from "../sync/recording.js";
import { noteRead, noteWrite, queryOf } from "../sync/syscallNotes.js";
import { currentScope } from "./scope.js";

type AsyncSyscall = (op: string, jsonArgs: string) => Promise<string>;
type JsSyscall = (op: string, args: Record<string, unknown>) => Promise<unknown>;
interface Syscalls {
  syscall: (op: string, jsonArgs: string) => string;
  asyncSyscall: AsyncSyscall;
  jsSyscall: JsSyscall;
}

/** Node fires timers beyond 2^31-1 ms at once; no local deployment lives this long, so nothing is lost by waiting. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const storageIdSchema = z.object({ storageId: z.string() });

let installed = false;

/**
 * Puts the platform between Convex functions and convex-test where that differs from Convex: storage URLs, storage
 * writes of actions (unsafe beside a transaction), and timers further away than Node can count; and lets subscriptions
 * hear what is read and written. Once per process, after the first
 * `convexTest()`, which creates `globalThis.Convex`.
 */
export function installSyscalls(): void {
  if (installed) return;
  installed = true;
  const holder = globalThis as unknown as { Convex: Syscalls };
  const original = holder.Convex;
  // Storage writes leave the async context of the action, or they would count as part of it.
  const outside = AsyncLocalStorage.snapshot();

  const asyncSyscall: AsyncSyscall = async (op, jsonArgs) => {
    const scope = currentScope();
    if (op === "1.0/schedule" || op === "1.0/actions/schedule")
      return original.asyncSyscall(op, withinReach(jsonArgs));
    if (!scope) return original.asyncSyscall(op, jsonArgs);
    const reads = currentReads();
    if (reads) {
      const answer = await original.asyncSyscall(op, jsonArgs);
      noteRead(reads, scope.componentPath, op, jsonArgs, answer);
      if (op !== "1.0/storageGetUrl") return answer;
    }
    switch (op) {
      case "1.0/storageGenerateUploadUrl":
        return JSON.stringify(scope.storage.uploadUrl(scope.componentPath));
      case "1.0/storageGetUrl": {
        const answer = await original.asyncSyscall(op, jsonArgs);
        if (answer === "null") return answer;
        const { storageId } = storageIdSchema.parse(JSON.parse(jsonArgs));
        return JSON.stringify(scope.storage.fileUrl(scope.componentPath, storageId));
      }
      case "1.0/storageDelete": {
        if (scope.functionType !== "action") return original.asyncSyscall(op, jsonArgs);
        const { storageId } = storageIdSchema.parse(JSON.parse(jsonArgs));
        await outside(() => scope.storage.remove(scope.componentPath, storageId));
        return JSON.stringify({});
      }
      default: {
        const answer = await original.asyncSyscall(op, jsonArgs);
        noteWrite(scope, op, jsonArgs, answer);
        return answer;
      }
    }
  };
  const syscall: Syscalls["syscall"] = (op, jsonArgs) => {
    const scope = currentScope();
    if (scope && op === "1.0/queryStream") currentReads()?.noteQuery(scope.componentPath, queryOf(jsonArgs));
    return original.syscall(op, jsonArgs);
  };
  const jsSyscall: JsSyscall = (op, args) => {
    const scope = currentScope();
    if (op === "storage/storeBlob" && scope?.functionType === "action" && args.blob instanceof Blob) {
      const { blob } = args;
      return outside(() => scope.storage.store(scope.componentPath, blob));
    }
    return original.jsSyscall(op, args);
  };
  holder.Convex = {
    syscall,
    asyncSyscall,
    jsSyscall,
  };
}

function withinReach(jsonArgs: string): string {
  const args = z.looseObject({ ts: z.number() }).parse(JSON.parse(jsonArgs));
  const latest = (Date.now() + MAX_TIMER_MS) / 1000;
  return args.ts <= latest ? jsonArgs : JSON.stringify({ ...args, ts: latest });
}
