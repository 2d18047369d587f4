/** Fly Machines as a machine provider: one app, plain `fetch`, no state but pacing. */
import { env } from "../../../component/_generated/server.js";
import type { MachineProvider, ProviderOptions } from "../provider.js";
import { FlyClient } from "./flyClient.js";
import { machineCalls } from "./machines.js";
import { volumeCalls } from "./volumes.js";

/** @param token a deploy token of the app is enough. */
export function createFlyProvider(
  appName: string,
  token: string,
  options: ProviderOptions = {},
): MachineProvider {
  const client = new FlyClient(token, { ...options, baseUrl: options.baseUrl ?? env.FLY_API_BASE_URL });
  const appPath = `/apps/${encodeURIComponent(appName)}`;
  return { ...machineCalls(client, appPath), ...volumeCalls(client, appPath) };
}
