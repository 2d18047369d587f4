/**
 * Carries one launch out: volume, then machine. Idempotent by the worker's name: whatever an earlier attempt left behind is
 * found again. After every provider call a fenced mutation records what is there, so that a crash anywhere leaves either
 * a row that knows its resource or a resource that the next attempt adopts by name.
 */
import { machineEnv } from "../../policy/fleet/machineEnv.js";
import { inTurn } from "../../policy/fleet/regions.js";
import { internal } from "../../component/_generated/api.js";
import type { ActionCtx } from "../../component/_generated/server.js";
import { settingsOf, stopTimeoutMs as allowedStop } from "../providers/registry.js";
import { isVolumeGone, type MachineProvider, type VolumeSpec } from "../providers/provider.js";
import type { Launch } from "./carryOut.js";
import { checkConfig, deploymentTag, gatewayBase, providerFor, urlsFor, type Inline } from "./credentials.js";
import { DEPLOYMENT_TAG, WORKER_TAG } from "./listing.js";
import type { Intent } from "./reports.js";

/** Throws what the provider throws. `secrets` learns what an error must not show. */
export async function launchMachine(
  ctx: ActionCtx,
  intent: Intent,
  known: Launch,
  { inline, secrets }: { inline: Inline; secrets: string[] },
): Promise<void> {
  const { config, worker } = known;
  checkConfig(config);
  const provider = await providerFor(ctx, config, inline, { until: known.deadlineAt });
  const urls = await urlsFor(ctx, inline);
  const settings = settingsOf(config);
  const stopTimeoutMs = allowedStop(config, known.stopTimeoutMs);
  const disk = known.stateful ? settings.volume : null;
  const regions = inTurn(settings.regions, known.rotation);
  const volume = disk
    ? await volumeFor(ctx, intent, provider, known, { regions, sizeGb: disk.sizeGb, guest: settings.guest })
    : null;
  const secretEnv: Record<string, string> = {
    ...(await ctx.runQuery(internal.fleet.resolveSecretEnv, {})),
    ...(await ctx.runQuery(internal.fleet.resolveBridgeEnv, {})),
  };
  const tag = await deploymentTag(ctx);
  // From here the creation counts as sent.
  const credential = await ctx.runMutation(internal.fleet.mintCredential, intent);
  if (!credential || (disk && !volume)) return;
  secrets.push(credential.token, credential.alias, ...Object.values(secretEnv));
  const base = gatewayBase(urls);
  const created = await provider.createMachine({
    name: worker,
    regions: volume ? [volume.region] : regions,
    image: settings.image,
    guest: settings.guest,
    env: machineEnv({
      workerId: worker,
      workspace: known.workspace,
      agentKey: known.agentKey,
      conversationId: known.conversationId,
      idleTimeoutMs: known.idleTimeoutMs,
      dataPath: volume && disk ? disk.path : null,
      cloudUrl: urls.cloud,
      gatewayUrl: base,
      aliasUrl: `${base}/w/${credential.alias}`,
      token: credential.token,
      stopTimeoutMs,
      secrets: secretEnv,
      settings: settings.env,
    }),
    mount: volume && disk ? { volumeId: volume.id, path: disk.path } : undefined,
    metadata: { [DEPLOYMENT_TAG]: tag, [WORKER_TAG]: worker },
    stopTimeoutMs,
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
}

/** The volume of this worker: an earlier attempt's, the one that holds the conversation's unsaved memory, or a new one. */
async function volumeFor(
  ctx: ActionCtx,
  intent: Intent,
  provider: MachineProvider,
  known: Launch,
  spec: Omit<VolumeSpec, "name">,
): Promise<{ id: string; region: string } | null> {
  const id = known.volumeId ?? known.kept;
  const existing = id === null ? null : await provider.getVolume(id);
  const volume =
    existing && !isVolumeGone(existing)
      ? existing
      : await provider.createVolume({ name: known.volumeName, ...spec });
  const recorded: boolean = await ctx.runMutation(internal.fleet.recordVolume, {
    ...intent,
    volumeId: volume.id,
    region: volume.region,
  });
  return recorded ? { id: volume.id, region: volume.region } : null;
}
