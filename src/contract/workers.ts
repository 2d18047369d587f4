/** Workers: what they say of themselves, and what they are told. Every request of the gateway loads this file. */
import { v, type Infer } from "convex/values";
import { vProbeOrder } from "./probes.js";
import { lazy, mutation, oneOf, opt, orNull, query } from "./row.js";

export const vWorkerStatus = lazy(() => oneOf("active", "draining", "stopping", "stopped"));

/** The workers that are active, and how many of them hold a message; with `capped` true there are more than are listed. */
export const workerStats = query("operators", { for: "read" })(() => ({
  args: {},
  returns: v.object({
    activeCount: v.number(),
    idleCount: v.number(),
    workers: v.array(
      v.object({
        workerId: v.string(),
        status: vWorkerStatus,
        load: v.number(),
        heartbeatAt: v.number(),
        machineId: orNull.string,
        appName: orNull.string,
      }),
    ),
    capped: v.boolean(),
  }),
}));
/**
 * A worker says at its start what it is, and at its end that it leaves. Throws as `poll` does for its token and its id. Its texts
 * are cut to 253 characters.
 * - `instance`: As in `claim`.
 * - `leaving`: The process ends: another one may take its id at once.
 */
export const workerHello = mutation("workers", { for: "worker", operation: "hello" })(() => ({
  args: {
    workerId: v.string(),
    workerToken: opt.string,
    version: v.string(),
    host: v.string(),
    engine: v.string(),
    mode: v.string(),
    instance: opt.string,
    leaving: opt.boolean,
  },
  returns: v.null(),
}));

/**
 * What is wanted of a worker besides work. Throws what `claim` throws about the token.
 * - returns `release`: Save and give up the conversation when idle: others wait, or somebody else serves it by now.
 * - returns `probes`: What an operator wants to know from where the worker stands.
 */
export const getWorkerControlState = query("lib", {
  for: "worker",
  as: "workerControlState",
  operation: "control_state",
  image: true,
})(() => ({
  args: { workerId: v.string(), workerToken: opt.string },
  returns: v.object({
    shouldStop: v.boolean(),
    release: opt.boolean,
    probes: v.optional(v.array(vProbeOrder)),
  }),
}));

/**
 * What an idle worker subscribes to. `seq` grows whenever it should claim; that may turn out wrong, the claim decides. Throws
 * what `claim` throws about the token.
 * - returns `pollAfterMs`: Ask after this long even if `seq` stays as it is.
 */
export const workerWake = query("lib", { for: "worker" })(() => ({
  args: { workerId: v.string(), workerToken: opt.string },
  returns: v.object({
    seq: v.number(),
    pollAfterMs: v.number(),
  }),
}));
/** What a worker that found nothing may know: when to ask again (1 000 to 60 000 ms), and what is wanted of it besides work. */
export const vIdleHint = lazy(() =>
  v.object({ retryAfterMs: v.number(), ...getWorkerControlState.returns.fields }),
);
export type IdleHint = Infer<typeof vIdleHint>;
