/**
 * Carries one launch out: volume, then machine. Idempotent by the worker's name: whatever an earlier attempt left behind is
 * found again. After every provider call a fenced mutation records what is there, so that a crash anywhere leaves either
 * a row that knows its resource or a resource that the next attempt adopts by name.
 */
import { asAction, asQuery } from "../functions.js";
import { v, type Infer } from "convex/values";
import { vProviderConfig } from "../../contract/queue.js";
import { errorDataOf } from "../../contract/errors.js";
import { machineEnv } from "../../policy/fleet/machineEnv.js";
import { internal } from "../../component/_generated/api.js";
import type { Id } from "../../component/_generated/dataModel.js";
import type { ActionCtx } from "../../component/_generated/server.js";
import { loadProviderConfig } from "../config/provider.js";
import { loadRuntime } from "../config/runtime.js";
import { vFleetPolicy } from "../../contract/policies.js";
import type { Guest, MachineProvider } from "../providers/provider.js";
import { findWorker } from "../workers/register.js";
import { checkConfig, deploymentTag, gatewayBase, providerFor, urlsFor, type Inline } from "./credentials.js";
import { DEPLOYMENT_TAG, WORKER_TAG } from "./listing.js";
import { volumeToMount } from "./quarantine.js";
import { readFleetState } from "./state.js";
import { vIntent } from "./reports.js";
import { cutText } from "../../policy/text/cut.js";
import { printable, redactSecrets } from "../../policy/text/redactSecrets.js";

const DEFAULT_GUEST: Guest = { cpuKind: "shared", cpus: 1, memoryMb: 2048 };

export const run = asAction({ args: vIntent, returns: v.null() })(async (ctx, intent) => {
  await launchMachine(ctx, intent, {});
  return null;
});

const vLaunch = v.object({
  config: vProviderConfig,
  fleet: vFleetPolicy,
  idleTimeoutMs: v.number(),
  worker: v.string(),
  workspace: v.union(v.string(), v.null()),
  agentKey: v.union(v.string(), v.null()),
  conversationId: v.union(v.string(), v.null()),
  /** Failures so far: each moves the first region to the end. */
  rotation: v.number(),
  volumeName: v.string(),
  volumeId: v.union(v.string(), v.null()),
  /** The volume with memory that no snapshot has. */
  kept: v.union(v.null(), v.string()),
  /** From then on another attempt is at it: this one sends nothing more. */
  deadlineAt: v.number(),
});

/** What an attempt needs to know; null when it is not the current one any more. */
export const inputs = asQuery({ args: vIntent, returns: v.union(v.null(), vLaunch) })(async (
  ctx,
  { machine, attempt },
) => {
  const row = await ctx.db.get(machine);
  const config = await loadProviderConfig(ctx);
  if (row?.step !== "launching" || row.attempt !== attempt || !config) return null;
  const { policies } = await loadRuntime(ctx);
  const worker = await findWorker(ctx, row.worker);
  const binding = worker?.binding;
  return {
    config,
    fleet: policies.fleet,
    idleTimeoutMs: policies.scaling.idleTimeoutMs,
    worker: row.worker,
    workspace: binding?.workspace ?? worker?.workspace ?? null,
    agentKey: binding?.agentKey ?? null,
    conversationId: binding?.conversationId ?? null,
    rotation: (await readFleetState(ctx)).launchFailures,
    volumeName: row.volumeName,
    volumeId: row.volumeId ?? null,
    kept: binding ? ((await volumeToMount(ctx, binding, row))?.volumeId ?? null) : null,
    deadlineAt: row.stepDeadlineAt,
  };
});

export async function launchMachine(
  ctx: ActionCtx,
  intent: { machine: Id<"machines">; attempt: number },
  inline: Inline,
): Promise<void> {
  const known = await ctx.runQuery(internal.fleet.launchInputs, intent);
  if (!known) return;
  const secrets: string[] = inline.flyApiToken === undefined ? [] : [inline.flyApiToken];
  try {
    const { config, fleet, worker } = known;
    checkConfig(config);
    const provider = await providerFor(ctx, config, inline, { until: known.deadlineAt });
    const urls = await urlsFor(ctx, inline);
    const guest = config.guest ?? DEFAULT_GUEST;
    const volume = fleet.stateful ? await volumeFor(ctx, intent, provider, known, guest) : null;
    const secretEnv: Record<string, string> = {
      ...(await ctx.runQuery(internal.fleet.resolveSecretEnv, {})),
      ...(await ctx.runQuery(internal.fleet.resolveBridgeEnv, {})),
    };
    const tag = await deploymentTag(ctx);
    // From here the creation counts as sent.
    const credential = await ctx.runMutation(internal.fleet.mintCredential, intent);
    if (!credential || (fleet.stateful && !volume)) return;
    secrets.push(credential.token, credential.alias, ...Object.values(secretEnv));
    const base = gatewayBase(urls);
    const created = await provider.createMachine({
      name: worker,
      regions: volume ? [volume.region] : regionsOf(config, known.rotation),
      image: config.image,
      guest,
      env: machineEnv({
        workerId: worker,
        workspace: known.workspace,
        agentKey: known.agentKey,
        conversationId: known.conversationId,
        idleTimeoutMs: known.idleTimeoutMs,
        dataPath: volume ? config.volumePath : null,
        cloudUrl: urls.cloud,
        gatewayUrl: base,
        aliasUrl: `${base}/w/${credential.alias}`,
        token: credential.token,
        stopTimeoutMs: fleet.stopTimeoutMs,
        secrets: secretEnv,
        settings: config.env ?? {},
      }),
      mount: volume ? { volumeId: volume.id, path: config.volumePath } : undefined,
      metadata: { [DEPLOYMENT_TAG]: tag, [WORKER_TAG]: worker },
      stopTimeoutMs: fleet.stopTimeoutMs,
      // A worker that ends has been told to, or has crashed: the fleet decides what comes next, and pays for it.
      restart: { policy: "no" },
    });
    await ctx.runMutation(internal.fleet.recordMachine, {
      ...intent,
      machineId: created.id,
      region: created.region,
      volumeId: created.volumeIds[0],
      unsettled: created.unsettled,
    });
  } catch (error) {
    // What is no answer of the provider says nothing of what was sent.
    const unsettled = errorDataOf(error)?.outcomeUnknown !== false;
    const failure = failureOf(error, secrets);
    await ctx.runMutation(internal.fleet.recordLaunchFailure, { ...intent, ...failure, unsettled });
  }
}

/** A region that had no room for a machine comes last in the next launch; its volume could not have moved. */
function regionsOf(config: { region: string; regions?: string[] }, rotation: number): string[] {
  const regions = [...new Set([config.region, ...(config.regions ?? [])])];
  const first = rotation % regions.length;
  return [...regions.slice(first), ...regions.slice(0, first)];
}

/** The volume of this worker: an earlier attempt's, the one that holds the conversation's unsaved memory, or a new one. */
async function volumeFor(
  ctx: ActionCtx,
  intent: { machine: Id<"machines">; attempt: number },
  provider: MachineProvider,
  known: Infer<typeof vLaunch>,
  guest: Guest,
): Promise<{ id: string; region: string } | null> {
  const id = known.volumeId ?? known.kept;
  const existing = id === null ? null : await provider.getVolume(id);
  const usable = existing && existing.state !== "deleting" && existing.state !== "gone" ? existing : null;
  const volume =
    usable ??
    (await provider.createVolume({
      name: known.volumeName,
      regions: regionsOf(known.config, known.rotation),
      sizeGb: known.config.volumeSizeGb,
      guest,
    }));
  const recorded: boolean = await ctx.runMutation(internal.fleet.recordVolume, {
    ...intent,
    volumeId: volume.id,
    region: volume.region,
  });
  return recorded ? { id: volume.id, region: volume.region } : null;
}

/** What an operator may know of a failure. `secrets`: what the call that failed was given. */
export function failureOf(
  error: unknown,
  secrets: readonly string[] = [],
): {
  code: string;
  message: string;
  retryable: boolean;
  kind?: string;
} {
  const known = errorDataOf(error);
  if (!known) {
    console.error("fleet: unexpected error", printable(error, secrets));
    return { code: "internal", message: "Unexpected error; see the deployment's log", retryable: true };
  }
  const { kind, retryable } = known;
  return {
    code: known.code,
    message: cutText(redactSecrets(known.message, secrets), 1_000),
    retryable: typeof retryable === "boolean" ? retryable : false,
    ...(typeof kind === "string" ? { kind } : {}),
  };
}
