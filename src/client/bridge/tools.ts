/** Tool calls of a model that mean a function behind the agent-bridge: `bridge.<function key>`. */
import { resolveBridgeRuntimeConfig, type BridgeEnv, type HydratedBridgeRuntimeConfig } from "./config.js";
import { executeBridgeFunction, type BridgeCall, type BridgeExecutionResult } from "./execute.js";

const TOOL_NAME = /^bridge\.([A-Za-z0-9._-]+)$/;

export const isBridgeToolName = (name: string): boolean => TOOL_NAME.test(name);

/** The function a bridge tool stands for, or null for any other tool. */
export const bridgeFunctionKeyFromToolName = (name: string): string | null =>
  TOOL_NAME.exec(name)?.[1] ?? null;

export interface BridgeToolCall extends Pick<BridgeCall, "userToken" | "fetchImpl" | "retry"> {
  toolName: string;
  toolArgs: unknown;
  hydratedConfig: HydratedBridgeRuntimeConfig | null | undefined;
  env?: BridgeEnv;
}

export type BridgeToolOutcome =
  { handled: false } | { handled: true; functionKey: string; response: BridgeExecutionResult };

/**
 * Runs the call if it is a bridge tool's. Incomplete settings give status 400 and no request; otherwise as
 * `executeBridgeFunction`.
 */
export async function maybeExecuteBridgeToolCall(call: BridgeToolCall): Promise<BridgeToolOutcome> {
  const functionKey = bridgeFunctionKeyFromToolName(call.toolName);
  if (functionKey === null) return { handled: false };
  const resolution = resolveBridgeRuntimeConfig(call.hydratedConfig, call.env);
  if (!resolution.ok) {
    const response = { success: false, status: 400, functionKey, error: resolution.error };
    return { handled: true, functionKey, response };
  }
  const { config } = resolution;
  const { userToken, fetchImpl, retry, toolArgs: args } = call;
  const response = await executeBridgeFunction({ config, functionKey, args, userToken, fetchImpl, retry });
  return { handled: true, functionKey, response };
}
