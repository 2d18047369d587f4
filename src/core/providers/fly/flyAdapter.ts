/** Fly, as the fleet's actions use it. */
import type { Adapter, MachineProvider, ProviderOptions } from "../provider.js";
import type { fly } from "./config.js";
import { MAX_STOP_TIMEOUT_MS } from "./createBodies.js";
import { env } from "../../../component/_generated/server.js";
import { FlyClient } from "./flyClient.js";
import { machineCalls } from "./machines.js";
import { volumeCalls } from "./volumes.js";

export const flyAdapter: Adapter<typeof fly.fields> = {
  maxStopTimeoutMs: MAX_STOP_TIMEOUT_MS,
  settings: (config) => ({
    appName: config.appName,
    image: config.image,
    regions: [...new Set([config.region, ...(config.regions ?? [])])],
    guest: config.guest ?? { cpuKind: "shared", cpus: 1, memoryMb: 2048 },
    volume: { prefix: config.volumeName, path: config.volumePath, sizeGb: config.volumeSizeGb },
    env: config.env ?? {},
  }),
  connect: ({ appName, token }, options) => createFlyProvider(appName, token, options),
};

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
