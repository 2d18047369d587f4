/** What must hold when nothing has happened for the idle timeout and half an hour more. */
import { must } from "../simulation/invariants.js";
import { APP } from "./cloud.js";
import type { Stage } from "./stage.js";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Findings that say that something is wrong now. The others tell of what was, or of volumes that are kept, which is looked at here. */
const STANDING =
  /^(provider_failed|launches_paused|orphans_found|machine_stuck|worker_silent|lane_unserved|blocked_.*|internal)$/;

/** @returns how many volumes with unsaved memory are kept. */
export async function checkEnd(stage: Stage, pace: { cronMs: number }): Promise<number> {
  const { watch, cloud, caller, time, disks } = stage;
  const machines = cloud.ours();
  must(
    machines.length === 0,
    `nothing costs money 30 idle minutes later: ${machines.map(({ name, state }) => `${name} is ${state}`).join()}`,
  );
  for (const { worker, step, live } of watch.mirror.rows("machines"))
    must(!live, `every machine's row ends: ${worker} is ${step}`);
  const kept = volumes(stage);
  for (const { id, name } of kept) {
    const row = watch.mirror.rows("quarantinedVolumes").find(({ volumeId }) => volumeId === id);
    must(
      row !== undefined || (disks.get(id)?.unsaved.size ?? 0) > 0,
      `nothing costs money 30 idle minutes later: volume ${name}`,
    );
    must(row !== undefined, `a volume with unsaved memory is known: ${name}`);
  }
  checkTokens(stage);
  const { findings } = await caller.lib<{ findings: { code: string; text: string }[] }>("fleetHealth", {});
  const untrue = findings.filter(({ code }) => STANDING.test(code));
  must(
    untrue.length === 0,
    `fleetHealth has no finding that is not true: ${untrue.map(({ text }) => text).join()}`,
  );
  checkForeign(stage);
  if (kept.length > 0) {
    // A minute of the ten in turn each time.
    pace.cronMs = 61 * MINUTE_MS;
    await time.sleep(DAY_MS / 2);
    time.standStill(6 * DAY_MS);
    await time.sleep(1.5 * DAY_MS);
    must(
      volumes(stage).length === 0,
      "what is kept is kept for its time: a volume is there after eight days",
    );
    checkForeign(stage);
  }
  return kept.length;
}

const volumes = ({ cloud }: Stage) =>
  cloud.fly
    .volumes()
    .filter(({ app, name, state }) => app === APP && name !== "data_other" && state === "created");

function checkTokens({ watch }: Stage): void {
  const rows = watch.mirror.rows("machines");
  const revoked = new Set(
    watch.mirror
      .rows("workerTokens")
      .flatMap(({ tokenId, revokedAt }) => (revokedAt === undefined ? [] : [tokenId])),
  );
  for (const { worker, tokenIds } of rows)
    for (const tokenId of tokenIds)
      must(revoked.has(tokenId), `every credential of a machine that is gone is revoked: ${worker}`);
}

function checkForeign({ cloud }: Stage): void {
  const names = cloud.fly
    .machines()
    .filter(({ destroyedAt, env }) => destroyedAt === null && env.MODE !== "worker")
    .map(({ name, state }) => `${name} ${state}`);
  must(
    names.join() === "afw-1-x started,database started,web started",
    `nothing foreign is touched: ${names.join()}`,
  );
  must(
    cloud.fly.volumes().some(({ name }) => name === "data_other"),
    "nothing foreign is touched: volume data_other",
  );
}
