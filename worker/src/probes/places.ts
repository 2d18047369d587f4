/** What the environment says about the probes that take no target. */
import type { WorkerEnv } from "../env.js";
import type { ProbePlaces } from "./probe.js";

type PlacesEnv = Pick<
  WorkerEnv,
  "WORKER_ID" | "ENGINE" | "OPENAI_BASE_URL" | "OPENAI_API_KEY" | "OPENCLAW_GATEWAY_URL"
>;

/** A worker has the model endpoint or the gateway of its own engine, not of the others. */
export function probePlaces(env: PlacesEnv): ProbePlaces {
  return {
    workerId: env.WORKER_ID,
    model: env.ENGINE === "openai" ? { baseUrl: env.OPENAI_BASE_URL, apiKey: env.OPENAI_API_KEY } : null,
    gatewayUrl: env.ENGINE === "openclaw" ? env.OPENCLAW_GATEWAY_URL : null,
  };
}
