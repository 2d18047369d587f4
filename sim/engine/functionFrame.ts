import type { Frame } from "./frames.js";
import { forCaller } from "./errors.js";
import { addressSchema, displayName, type Target } from "./functions.js";
import { callerIdentity } from "./identity.js";
import { logLine, type Runtime } from "./runtime.js";

/** What all functions have in common: their environment, their log, and calls about themselves. */
export abstract class FunctionFrame implements Frame {
  abstract readonly isTransaction: boolean;
  readonly env: Frame["env"];

  constructor(
    protected readonly runtime: Runtime,
    protected readonly target: Pick<Target, "componentPath" | "udfPath" | "env">,
  ) {
    this.env = target.env;
  }

  abstract now(): number;
  abstract syscall(op: string, jsonArgs: string): string;
  abstract jsSyscall(op: string, args: Record<string, unknown>): Promise<unknown>;
  protected abstract operate(op: string, jsonArgs: string): string | Promise<string>;

  random(): number {
    return this.runtime.pace.random();
  }

  log(level: string, values: readonly unknown[]): void {
    this.runtime.log(logLine(displayName(this.target), level, values));
  }

  async asyncSyscall(op: string, jsonArgs: string): Promise<string> {
    try {
      return await this.operate(op, jsonArgs);
    } catch (error) {
      throw forCaller(error);
    }
  }

  /** Calls that mean the same in every function; null for others. */
  protected common(op: string, jsonArgs: string): string | Promise<string> | null {
    const { componentPath, udfPath } = this.target;
    switch (op) {
      case "1.0/createFunctionHandle":
        return this.runtime.registry
          .resolve(componentPath, addressSchema.parse(JSON.parse(jsonArgs)))
          .then((found) => JSON.stringify(this.runtime.registry.handleOf(found)));
      case "1.0/getFunctionMetadata":
        return JSON.stringify({ name: udfPath, componentPath });
      case "1.0/getDeploymentMetadata":
        return JSON.stringify({ name: "local", region: null, class: "s16" });
      case "1.0/getRequestMetadata":
        return JSON.stringify({
          ip: null,
          userAgent: null,
          requestId: "",
          scheduledFunctionId: null,
          authToken: null,
        });
      case "1.0/getUserIdentity":
        return (componentPath === "" ? callerIdentity() : null) ?? "null";
      default:
        return null;
    }
  }
}

export function unknownOperation(op: string): never {
  throw new Error(`Unknown async operation ${op}`);
}
