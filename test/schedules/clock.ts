/** A worker's clock in a made-up time. */
import type { Interleaving } from "../../sim/engine/index.js";
import type { Clock } from "../../worker/src/clock.js";
import type { Random } from "../simulation/random.js";

export const clockIn = (time: Interleaving, random: Random): Clock => ({
  now: () => time.now(),
  random: () => random.next(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const callOff = time.at(time.now() + ms, resolve);
      const onAbort = () => {
        callOff();
        resolve();
      };
      signal?.addEventListener("abort", onAbort, { once: true });
    }),
});
