import { listenLoopback } from "../http/listen.js";
import { ProcessLauncher } from "./processLauncher.js";
import { createFlyApp } from "./simulator.js";
import type { FlyServer, FlyServerOptions } from "./types.js";

/**
 * Starts an imitation of the Fly Machines API on 127.0.0.1, whose machines are processes of this computer.
 * @throws when the port is taken or a fault rule is malformed.
 */
export async function startFlyServer(options: FlyServerOptions = {}): Promise<FlyServer> {
  const launcher = options.launcher ?? (options.images ? new ProcessLauncher(options.images) : undefined);
  const { simulator, app } = createFlyApp({ ...options, launcher });
  const listening = await listenLoopback(app.fetch, options.port);
  return {
    ...simulator,
    url: listening.url,
    baseUrl: `${listening.url}/v1`,
    port: listening.port,
    close: async () => {
      await Promise.all([simulator.close(), listening.close()]);
    },
  };
}
