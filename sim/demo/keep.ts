import type { Deployment } from "../deployment/index.js";
import type { TelegramServer } from "../telegram/index.js";
import type { Cloud } from "./cloud.js";
import type { Terminal } from "./timeline.js";

/** Says how to look around, and waits for the end. */
export async function stayUp(parts: {
  terminal: Terminal;
  over: AbortSignal;
  telegram: TelegramServer;
  cloud: Cloud;
  deployment: Deployment;
}): Promise<void> {
  const { terminal, over, telegram, cloud, deployment } = parts;
  // The key of a given deployment is not ours to print.
  const key = deployment.own ? deployment.adminKey : "<admin key>";
  const operator = (name: string) =>
    `curl ${deployment.cloudUrl}/api/run/operator/${name} -H 'authorization: Convex ${key}' ` +
    "-H 'content-type: application/json' -d '{\"args\":{}}'";
  terminal.write(
    "still up, Ctrl-C ends it; to look at it:\n" +
      `  what users saw  curl ${telegram.url}/__sim/outbox\n` +
      `  Fly's machines  curl ${cloud.fly.url}/__sim/machines\n` +
      `  calls to Fly    curl ${cloud.fly.url}/__sim/calls\n` +
      `  the fleet       ${operator("fleetOverview")}\n` +
      `  the queue       ${operator("queueStats")}\n`,
  );
  await new Promise<void>((resolve) => {
    if (over.aborted) resolve();
    over.addEventListener("abort", () => resolve(), { once: true });
  });
}
