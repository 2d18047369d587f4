/** Starts the subscription to wake-ups, if the environment names the deployment. */
import type { WorkerEnv } from "../env.js";
import { subscribeToWakes, type Subscription, type SubscriptionOptions } from "./subscription.js";
import type { Waiting } from "./waiting.js";

type Settings = Pick<
  WorkerEnv,
  "CONVEX_DEPLOYMENT_URL" | "AGENT_FACTORY_FUNCTION_NAMESPACE" | "WORKER_ID" | "AGENT_TOKEN"
>;

/** Without a deployment URL there is nothing to close, and the worker polls. */
export function listenForWakes(
  env: Settings,
  waiting: Waiting,
  deps: Pick<SubscriptionOptions, "log" | "webSocketAgent">,
): Subscription {
  const subscription =
    env.CONVEX_DEPLOYMENT_URL === undefined
      ? undefined
      : subscribeToWakes(waiting, {
          ...deps,
          deploymentUrl: env.CONVEX_DEPLOYMENT_URL,
          namespace: env.AGENT_FACTORY_FUNCTION_NAMESPACE,
          workerId: env.WORKER_ID,
          token: env.AGENT_TOKEN,
        });
  return {
    async close() {
      waiting.close();
      await subscription?.close();
    },
  };
}
