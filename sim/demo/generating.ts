import { setTimeout as sleep } from "node:timers/promises";
import type { ModelServer } from "../model/index.js";
import type { DemoGateway } from "./gateway.js";
import type { UntilGenerating } from "./killer.js";

/** The model is asked right after a claim; without a request by then the worker is not doing what it should. */
const MODEL_WAIT_MS = 5_000;

/** For workers that ask the model server themselves. Only one worker can hold a message, so its text tells whose it is. */
export const generatingAt =
  (model: ModelServer): UntilGenerating =>
  (_worker, held) =>
    model.waitForRequests(
      (requests) =>
        requests.some(({ outcome, lastUserText }) => outcome === "open" && lastUserText === held.text),
      MODEL_WAIT_MS,
    );

/** For workers behind the gateway. */
export const generatingBehind =
  (gateway: DemoGateway): UntilGenerating =>
  async (worker, held) => {
    const waited = new AbortController();
    const late = async () => {
      await sleep(MODEL_WAIT_MS, undefined, { signal: waited.signal });
      throw new Error(`${worker} did not send "${held.text}" to the gateway within ${MODEL_WAIT_MS} ms`);
    };
    try {
      await Promise.race([gateway.untilGenerating(held.text), late()]);
    } finally {
      waited.abort();
    }
  };
