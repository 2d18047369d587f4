/**
 * The one action that carries intents out: it reads what the present step of the machine needs, launches or retires, and reports. An
 * attempt that is not the current one does nothing; what goes wrong is recorded, never thrown.
 */
import { asAction, asQuery } from "../functions.js";
import { v, type Infer } from "convex/values";
import { errorDataOf } from "../../contract/errors.js";
import { vProviderConfig } from "../../contract/providers.js";
import { orNull } from "../../contract/row.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { ActionCtx, QueryCtx } from "../../component/_generated/server.js";
import { loadProviderConfig, loadRuntime } from "../config/runtime.js";
import { failureOf } from "../providers/providerError.js";
import { findWorker } from "../workers/register.js";
import type { Inline } from "./credentials.js";
import { launchMachine } from "./launch.js";
import { isMachineSaved, volumeToMount } from "./quarantine.js";
import { vIntent, type Intent } from "./reports.js";
import { retireMachine } from "./retire.js";
import { readFleetState } from "./state.js";

const shared = { config: vProviderConfig, worker: v.string(), stopTimeoutMs: v.number() };

const vLaunch = v.object({
  ...shared,
  step: v.literal("launching"),
  stateful: v.boolean(),
  idleTimeoutMs: v.number(),
  workspace: orNull.string,
  agentKey: orNull.string,
  conversationId: orNull.string,
  /** Failures so far: each moves the first region to the end. */
  rotation: v.number(),
  volumeName: v.string(),
  volumeId: orNull.string,
  /** The volume with memory that no snapshot has. */
  kept: orNull.string,
  /** From then on another attempt is at it: this one sends nothing more. */
  deadlineAt: v.number(),
});
const vRetirement = v.object({
  ...shared,
  step: v.literal("retiring"),
  /** The machine lives in the app it was made in, whatever the configuration says by now. */
  appName: v.string(),
  machineId: orNull.string,
  region: orNull.string,
  volumeId: orNull.string,
  /** Everything that its volume holds is in a snapshot, or it holds nothing. */
  saved: v.boolean(),
  /** When the machine was told to stop. */
  askedAt: orNull.number,
  failures: v.number(),
});
export type Launch = Infer<typeof vLaunch>;
export type Retirement = Infer<typeof vRetirement>;

/** What an attempt needs to know; null when it is not the current one any more, or its step needs nobody. */
export const inputs = asQuery({ args: vIntent, returns: v.union(v.null(), vLaunch, vRetirement) })(async (
  ctx,
  { machine, attempt },
) => {
  const row = await ctx.db.get(machine);
  const config = await loadProviderConfig(ctx);
  if (row?.attempt !== attempt || !config) return null;
  const { policies } = await loadRuntime(ctx);
  const { fleet, scaling } = policies;
  const both = { config, worker: row.worker, stopTimeoutMs: fleet.stopTimeoutMs };
  if (row.step === "retiring") return { ...both, ...(await retirementOf(ctx, row)) };
  if (row.step !== "launching") return null;
  const { idleTimeoutMs } = scaling;
  return { ...both, stateful: fleet.stateful, idleTimeoutMs, ...(await launchOf(ctx, row)) };
});

async function launchOf(ctx: QueryCtx, row: Doc<"machines">) {
  const worker = await findWorker(ctx, row.worker);
  const binding = worker?.binding;
  return {
    step: "launching" as const,
    workspace: binding?.workspace ?? worker?.workspace ?? null,
    agentKey: binding?.agentKey ?? null,
    conversationId: binding?.conversationId ?? null,
    rotation: (await readFleetState(ctx)).launchFailures,
    volumeName: row.volumeName,
    volumeId: row.volumeId ?? null,
    kept: binding ? ((await volumeToMount(ctx, binding, row))?.volumeId ?? null) : null,
    deadlineAt: row.stepDeadlineAt,
  };
}

async function retirementOf(ctx: QueryCtx, row: Doc<"machines">) {
  return {
    step: "retiring" as const,
    appName: row.appName,
    machineId: row.machineId ?? null,
    region: row.region ?? null,
    volumeId: row.volumeId ?? null,
    saved: row.volumeId === undefined || (await isMachineSaved(ctx, row, row.volumeId)),
    askedAt: row.stop?.askedAt ?? null,
    failures: row.failures,
  };
}

export const run = asAction({ args: vIntent, returns: v.null() })(async (ctx, intent) => {
  await carryOut(ctx, intent, {});
  return null;
});

export async function carryOut(ctx: ActionCtx, intent: Intent, inline: Inline): Promise<void> {
  const known = await ctx.runQuery(internal.fleet.stepInputs, intent);
  if (!known) return;
  // What an error must not show.
  const secrets: string[] = inline.token === undefined ? [] : [inline.token];
  try {
    if (known.step === "launching") await launchMachine(ctx, intent, known, { inline, secrets });
    else await retireMachine(ctx, intent, known, inline);
  } catch (error) {
    await ctx.runMutation(internal.fleet.recordFailure, {
      ...intent,
      ...failureOf(error, secrets),
      step: known.step,
      // What is no answer of the provider says nothing of what was sent.
      unsettled: errorDataOf(error)?.outcomeUnknown !== false,
      inline: inline.token !== undefined,
    });
  }
}
