/**
 * The worker's own row of wake-ups, followed over Convex's WebSocket. The socket reconnects by itself with growing pauses. The
 * token travels as an argument of the query: the sync protocol has no other place for a credential that the app does not know.
 */
import type { Agent } from "node:http";
import { ConvexClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import type { Logger } from "pino";
import WebSocket from "ws";
import { z } from "zod";
import type { Waiting } from "./waiting.js";

export interface SubscriptionOptions {
  /** Cloud origin of the deployment, without a trailing slash. */
  deploymentUrl: string;
  /** The app's module that exports `workerWake`. */
  namespace: string;
  workerId: string;
  token: string;
  log: Logger;
  /** The way out for a WebSocket, when it is not direct. */
  webSocketAgent?: ((url: string) => Agent | undefined) | undefined;
}

export interface Subscription {
  /** Ends the connection; nothing is reported any more. */
  close(): Promise<void>;
}

/** A newer server may tell more. */
const wakeReply = z.object({
  seq: z.number(),
  pollAfterMs: z
    .number()
    .min(1_000)
    .transform((ms) => Math.min(ms, 60_000)),
});

/** Follows the wake-ups of this worker and tells `waiting`. Never throws: a worker that hears nothing polls. */
export function subscribeToWakes(
  waiting: Pick<Waiting, "heard" | "lost">,
  options: SubscriptionOptions,
): Subscription {
  const { deploymentUrl, namespace, workerId, token, log } = options;
  const client = new ConvexClient(deploymentUrl, {
    webSocketConstructor: socketClass(options.webSocketAgent),
    logger: false,
    // Self-hosted deployments have addresses of any form.
    skipConvexDeploymentUrlCheck: true,
  });
  let latest: z.output<typeof wakeReply> | null = null;
  let hears = false;
  const report = (reason: string): void => {
    const now = latest !== null && client.connectionState().isWebSocketConnected;
    if (now !== hears) log.info({ reason }, now ? "worker.wakesHeard" : "worker.wakesLost");
    hears = now;
    if (latest !== null && now) waiting.heard(latest.seq, latest.pollAfterMs);
    else waiting.lost();
  };
  const wake = makeFunctionReference<"query", { workerId: string; workerToken: string }, unknown>(
    `${namespace}:workerWake`,
  );
  client.onUpdate(
    wake,
    { workerId, workerToken: token },
    (value) => {
      const reply = wakeReply.safeParse(value);
      latest = reply.success ? reply.data : null;
      report(reply.success ? "answer" : "unexpected answer");
    },
    (error) => {
      // The message names the function and perhaps its arguments; the code is all that may be told.
      latest = null;
      report(codeOf(error));
    },
  );
  const stopWatching = client.subscribeToConnectionState(() => report("connection"));
  return {
    async close() {
      stopWatching();
      await client.close();
    },
  };
}

const codeSchema = z.object({ data: z.object({ code: z.string() }) });

function codeOf(error: unknown): string {
  const known = codeSchema.safeParse(error);
  return known.success ? known.data.data.code : "the query failed";
}

/** The class that the client constructs with an address alone, with the agent for that address built in. */
function socketClass(agentFor: SubscriptionOptions["webSocketAgent"]): typeof globalThis.WebSocket {
  class WakeSocket extends WebSocket {
    constructor(address: string) {
      const agent = agentFor?.(address);
      super(address, agent === undefined ? {} : { agent });
    }
  }
  // Of the browser's interface the client uses what `ws` offers too.
  return WakeSocket as unknown as typeof globalThis.WebSocket;
}
