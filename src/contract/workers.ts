/** Workers: what they say of themselves, and what they are told. Every request of the gateway loads this file. */
import { v, type Infer } from "convex/values";
import { vProbeOrder } from "./probes.js";
import { defineRow, lazy } from "./row.js";

export const vWorkerStatus = lazy(() =>
  v.union(v.literal("active"), v.literal("draining"), v.literal("stopping"), v.literal("stopped")),
);

export const workerStats = defineRow({ kind: "query", module: "operators", access: "read" })(() => ({
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
        machineId: v.union(v.string(), v.null()),
        appName: v.union(v.string(), v.null()),
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
export const workerHello = defineRow({
  kind: "mutation",
  module: "workers",
  access: "worker",
  operation: "hello",
})(() => ({
  args: {
    workerId: v.string(),
    workerToken: v.optional(v.string()),
    version: v.string(),
    host: v.string(),
    engine: v.string(),
    mode: v.string(),
    instance: v.optional(v.string()),
    leaving: v.optional(v.boolean()),
  },
  returns: v.null(),
}));

/**
 * - returns `release`: Save and give up the conversation when idle: others wait, or somebody else serves it by now.
 * - returns `probes`: What an operator wants to know from where the worker stands.
 */
export const getWorkerControlState = defineRow({
  kind: "query",
  access: "worker",
  as: "workerControlState",
  operation: "control_state",
  image: true,
})(() => ({
  args: { workerId: v.string(), workerToken: v.optional(v.string()) },
  returns: v.object({
    shouldStop: v.boolean(),
    release: v.optional(v.boolean()),
    probes: v.optional(v.array(vProbeOrder)),
  }),
}));

/**
 * What an idle worker subscribes to. `seq` grows whenever it should claim; that may turn out wrong, the claim decides. Throws
 * what `claim` throws about the token.
 * - returns `pollAfterMs`: Ask after this long even if `seq` stays as it is.
 */
export const workerWake = defineRow({ kind: "query", access: "worker" })(() => ({
  args: { workerId: v.string(), workerToken: v.optional(v.string()) },
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
