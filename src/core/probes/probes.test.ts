import { describe, expect, it, vi } from "vitest";
import { START, useWorld } from "../../../test/component/world.js";
import type { ProbeKind } from "../../contract/probes.js";
import { internal } from "../../component/_generated/api.js";

const world = useWorld();
const MINUTE = 60_000;
const ok = { ok: true, code: "reached", message: "fine", latencyMs: 3 };

/** A worker that has made itself known by its first claim. */
async function aWorker(workerId: string, scope: { workspace?: string } = {}): Promise<string> {
  const { token: workerToken } = await world.t.mutation(world.lib.createAgentWorkerToken, {
    workerId,
    ...scope,
  });
  await world.t.mutation(world.lib.claim, { workerId, workerToken });
  return workerToken;
}
const ask = (
  workerId: string,
  kind: ProbeKind = "gateway",
  more: { target?: string; timeoutMs?: number; requestedBy?: string } = {},
) => world.t.mutation(world.lib.requestProbe, { workerId, kind, ...more });
const ordersOf = async (workerId: string, workerToken: string) =>
  (await world.t.query(world.lib.getWorkerControlState, { workerId, workerToken })).probes;
const audited = async () => {
  const rows = await world.t.run((ctx) => ctx.db.query("auditLog").collect());
  return rows.filter(({ kind }) => kind.startsWith("probe."));
};

describe("a probe", () => {
  it("goes to its worker with the next poll, comes back and is audited", async () => {
    const workerToken = await aWorker("w1");
    const other = await aWorker("w2");
    const { probeId, expiresAt } = await ask("w1", "host", {
      target: "db.internal:5432",
      requestedBy: "ada",
    });
    expect(expiresAt).toBe(START + 10 * MINUTE);
    expect(await ordersOf("w1", workerToken)).toEqual([
      { probeId, kind: "host", target: "db.internal:5432", timeoutMs: 5_000 },
    ]);
    expect(await world.t.mutation(world.lib.poll, { workerId: "w1" })).toMatchObject({
      job: null,
      idle: { shouldStop: false, probes: [{ probeId }] },
    });
    expect(await ordersOf("w2", other)).toBeUndefined();
    const report = { workerId: "w1", probeId, result: ok, workerToken };
    expect(await world.t.mutation(world.lib.reportProbe, report)).toBe(true);
    expect(await world.t.mutation(world.lib.reportProbe, { ...report, result: { ...ok, ok: false } })).toBe(
      true,
    );
    expect(await ordersOf("w1", workerToken)).toBeUndefined();
    const view = await world.t.query(world.lib.getProbe, { probeId });
    expect(view).toMatchObject({ status: "done", result: ok, workerId: "w1", target: "db.internal:5432" });
    expect(await world.t.query(world.lib.listProbes, { workerId: "w1" })).toEqual([view]);
    expect(await audited()).toMatchObject([
      {
        kind: "probe.requested",
        actor: "operator:ada",
        subject: "w1",
        detail: { kind: "host", target: "db.internal:5432" },
      },
      { kind: "probe.answered", actor: "worker:w1", subject: "w1", detail: { result: "reached" } },
    ]);
  });

  it("is answered by its own worker only", async () => {
    await aWorker("w1", { workspace: "acme" });
    const stranger = await aWorker("w2");
    const { probeId } = await ask("w1");
    const report = { probeId, result: ok };
    expect(
      await world.t.mutation(world.lib.reportProbe, { ...report, workerId: "w2", workerToken: stranger }),
    ).toBe(false);
    await expect(
      world.t.mutation(world.lib.reportProbe, { ...report, workerId: "w1", workerToken: stranger }),
    ).rejects.toThrow("worker_mismatch");
    const { token: elsewhere } = await world.t.mutation(world.lib.createAgentWorkerToken, {
      workspace: "other",
    });
    expect(
      await world.t.mutation(world.lib.reportProbe, { ...report, workerId: "w1", workerToken: elsewhere }),
    ).toBe(false);
    expect(await world.t.query(world.lib.getProbe, { probeId })).toMatchObject({
      status: "waiting",
      result: null,
    });
  });

  it("that nobody answers expires, and every row goes in the end", async () => {
    const workerToken = await aWorker("w1");
    const { probeId } = await ask("w1");
    const sweep = () => world.t.mutation(internal.upkeep.sweep, { name: "probes" });
    expect(await sweep()).toBe(0);
    vi.setSystemTime(START + 11 * MINUTE);
    expect(await sweep()).toBe(1);
    expect(await world.t.query(world.lib.getProbe, { probeId })).toMatchObject({ status: "expired" });
    const late = { workerId: "w1", probeId, result: ok, workerToken };
    expect(await world.t.mutation(world.lib.reportProbe, late)).toBe(false);
    vi.setSystemTime(START + 8 * 24 * 60 * MINUTE);
    expect(await sweep()).toBe(1);
    expect(await world.t.query(world.lib.getProbe, { probeId })).toBeNull();
  });

  it("is refused where it makes no sense, and leaves nothing", async () => {
    await aWorker("w1");
    await expect(ask("nobody")).rejects.toThrow("worker_not_found");
    await expect(ask("w1", "host", { target: "no port" })).rejects.toThrow("invalid_argument");
    await expect(ask("w1", "url", { target: "http://u:p@x/" })).rejects.toThrow("invalid_argument");
    await expect(ask("w1", "model", { target: "http://x" })).rejects.toThrow("invalid_argument");
    for (const timeoutMs of [0, 99, 30_001, NaN])
      await expect(ask("w1", "gateway", { timeoutMs })).rejects.toThrow("invalid_argument");
    expect(await audited()).toEqual([]);
    for (let i = 0; i < 4; i += 1) await ask("w1");
    await expect(ask("w1")).rejects.toThrow("4 open probes");
  });

  it("of a kind that is not of the list cannot be ordered", async () => {
    await aWorker("w1");
    await expect(ask("w1", "exec" as ProbeKind)).rejects.toThrow(/Validator error|literal/i);
  });
});
