import { z } from "zod";
import { STORAGE } from "./catalog.js";
import { Interrupted } from "./errors.js";
import { currentFrame } from "./frames.js";
import { addressSchema, displayName, type FunctionType } from "./functions.js";
import { FunctionFrame, unknownOperation } from "./functionFrame.js";
import { assertType } from "./invoke.js";
import { cancelJob, jobFrom } from "./scheduling.js";
import { fileId, storageCall } from "./storageCalls.js";

const callArgs = z.object({ args: z.record(z.string(), z.json()) }).and(addressSchema);
const idArgs = z.object({ id: z.string() });
const blobArgs = z.object({
  blob: z.instanceof(Blob),
  options: z.object({ sha256: z.string().optional() }).optional(),
});
const storageArgs = z.object({ storageId: z.string() });

const CALLS: Readonly<Record<string, FunctionType>> = {
  "1.0/actions/query": "query",
  "1.0/actions/mutation": "mutation",
  "1.0/actions/action": "action",
};

/** An action or HTTP action that is running: outside of any transaction, each of its calls is one. */
export class ActionFrame extends FunctionFrame {
  readonly isTransaction = false;
  interrupted = false;

  now(): number {
    return this.runtime.pace.now();
  }

  syscall(op: string): string {
    throw new Error(`${op} is not for actions: they reach the database by ctx.runQuery and ctx.runMutation`);
  }

  async jsSyscall(op: string, args: Record<string, unknown>): Promise<unknown> {
    const { files, catalog } = this.runtime;
    const { componentPath } = this.target;
    const table = catalog.table(componentPath, STORAGE);
    switch (op) {
      case "storage/storeBlob": {
        const { blob } = blobArgs.parse(args);
        const file = { bytes: new Uint8Array(await blob.arrayBuffer()), contentType: blob.type || null };
        return this.runtime.system((tx) => files.store(tx, table, file));
      }
      case "storage/getBlob": {
        const id = fileId(this.runtime, componentPath, storageArgs.parse(args).storageId);
        return this.runtime.system((tx) => files.read(tx, table, id));
      }
      default:
        throw new Error(`${op} is not part of this engine`);
    }
  }

  /** From now on none of its calls arrives: for everybody else it has died, whatever its code goes on to do. */
  interrupt(): void {
    this.interrupted = true;
  }

  protected operate(op: string, jsonArgs: string): string | Promise<string> {
    const type = CALLS[op];
    if (this.runtime.pace.interrupts?.(displayName(this.target), jsonArgs)) this.interrupt();
    if (this.interrupted) throw new Interrupted();
    if (type) return this.call(type, jsonArgs);
    const { runtime, target } = this;
    const { componentPath } = target;
    switch (op) {
      case "1.0/actions/schedule":
        return jobFrom(runtime, target, jsonArgs).then((job) =>
          JSON.stringify(runtime.system((tx) => tx.schedule(runtime.store, job))),
        );
      case "1.0/actions/cancel_job": {
        const { id } = idArgs.parse(JSON.parse(jsonArgs));
        runtime.system((tx) => cancelJob(runtime, tx, componentPath, id));
        return "null";
      }
      default:
        return (
          runtime.system((tx) => storageCall(runtime, componentPath, op, jsonArgs, tx, tx)) ??
          this.common(op, jsonArgs) ??
          unknownOperation(op)
        );
    }
  }

  private async call(type: FunctionType, jsonArgs: string): Promise<string> {
    const request = callArgs.parse(JSON.parse(jsonArgs));
    const target = await this.runtime.registry.resolve(this.target.componentPath, request);
    assertType(target, type);
    return this.runtime.run(target, JSON.stringify(request.args));
  }
}

/** Cuts off the action that calls this, for tests in which the machine that runs it dies. Nothing outside of actions. */
export function interruptAction(): void {
  const frame = currentFrame();
  if (frame instanceof ActionFrame) frame.interrupt();
}

/** Whether the code that asks belongs to an action that was cut off: what it still does, nobody may notice. */
export function isInterrupted(): boolean {
  const frame = currentFrame();
  return frame instanceof ActionFrame && frame.interrupted;
}
