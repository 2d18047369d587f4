import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { START, useWorld } from "../../../../test/component/world.js";
import { internal } from "../../../component/_generated/api.js";
import { mintMachineCredential } from "../tokens/mintMachine.js";

const world = useWorld();
const SITE = "https://happy-otter-1.convex.site";
const CLOUD = "https://happy-otter-1.convex.cloud";
const HOUR = 3_600_000;

beforeEach(() => {
  vi.stubEnv("CONVEX_SITE_URL", SITE);
  vi.stubEnv("CONVEX_CLOUD_URL", CLOUD);
});
afterEach(() => void vi.unstubAllEnvs());

const provision = (
  more: { workerId?: string; group?: string; workspace?: string; maxWorkers?: number } = {},
) => world.t.mutation(world.lib.provisionAgentWorker, { engine: "echo", ...more });
const hello = (workerToken: string, workerId = "w1", version = "2.0.0") =>
  world.t.mutation(world.lib.workerHello, {
    workerId,
    workerToken,
    version,
    host: "rack-7",
    engine: "echo",
    mode: "agent",
  });
const claim = (workerToken: string, workerId = "w1") =>
  world.t.mutation(world.lib.claim, { workerId, workerToken });
const list = async (tokenId?: string) =>
  (await world.t.query(world.lib.listDeployments, tokenId === undefined ? {} : { tokenId })).deployments;
const only = async () => {
  const [deployment, ...others] = await list();
  if (!deployment || others.length > 0) throw new Error("there must be one deployment");
  return deployment;
};
const sweep = (name: "silentWorkers" | "meters" | "reports") =>
  world.t.mutation(internal.upkeep.sweep, { name });

describe("provisioning", () => {
  it("gives the whole environment, ready to paste, and every host", async () => {
    const made = await world.t.mutation(world.lib.provisionAgentWorker, {
      workspace: "acme",
      workerId: "edge-1",
      engine: "openai",
      openAiBaseUrl: "http://models.acme.test:8080/v1",
    });
    expect(made.envFile).toBe(
      [
        "MODE=agent",
        `BASE_INTERNAL_URL=${SITE}/agent-factory`,
        `AGENT_TOKEN=${made.token}`,
        `CONVEX_DEPLOYMENT_URL=${CLOUD}`,
        "WORKER_ID=edge-1",
        "WORKSPACE_ID=acme",
        "ENGINE=openai",
        "OPENAI_BASE_URL=http://models.acme.test:8080/v1",
        "# Fill in: its key; it never leaves the worker's site",
        "#OPENAI_API_KEY=",
        "# Fill in: the model",
        "#MODEL=",
        "",
      ].join("\n"),
    );
    expect(made.environment.filter(({ secret }) => secret).map(({ name }) => name)).toEqual([
      "AGENT_TOKEN",
      "OPENAI_API_KEY",
    ]);
    expect(made.hosts.map(({ host, port, protocol }) => `${protocol} ${host} ${port}`)).toEqual([
      "https happy-otter-1.convex.site 443",
      "https happy-otter-1.convex.cloud 443",
      "https api.telegram.org 443",
      "http models.acme.test 8080",
    ]);
  });

  it("refuses what createAgentWorkerToken refuses, and a bad address, and makes nothing then", async () => {
    const bad = { engine: "echo" as const, tags: ["not a lane"], expiresInMs: 1 };
    await expect(world.t.mutation(world.lib.provisionAgentWorker, bad)).rejects.toThrow(/tags|expiresInMs/);
    for (const openAiBaseUrl of ["ftp://h", "https://u:p@h/v1", "https://h/v1/", "h"]) {
      const wrong = world.t.mutation(world.lib.provisionAgentWorker, { openAiBaseUrl });
      await expect(wrong).rejects.toThrow("openAiBaseUrl");
    }
    expect(await list()).toEqual([]);
  });
});

describe("a deployment", () => {
  it("pending -> connected: needs the first authenticated call and the first claim", async () => {
    const { token } = await provision({ group: "edge" });
    expect(await only()).toMatchObject({
      state: "pending",
      authenticated: false,
      claimed: false,
      group: "edge",
      tags: ["default"],
      lastSeenAt: null,
      workers: [],
    });
    expect((await only()).causes[0]?.fix).toContain("Invalid agent environment");
    await hello(token);
    const waiting = await only();
    expect(waiting).toMatchObject({ state: "pending", authenticated: true, claimed: false });
    expect(waiting.causes[0]?.cause).toContain("still starting");
    vi.advanceTimersByTime(1_000);
    await claim(token);
    expect(await only()).toMatchObject({
      state: "connected",
      claimed: true,
      lastSeenAt: START + 1_000,
      workers: [
        {
          workerId: "w1",
          status: "active",
          version: "2.0.0",
          host: "rack-7",
          engine: "echo",
          mode: "agent",
          startedAt: START,
          lastSeenAt: START + 1_000,
        },
      ],
    });
  });

  it("connected -> lost when its worker goes silent, and back with its next claim", async () => {
    const { token } = await provision();
    await hello(token);
    await claim(token);
    vi.advanceTimersByTime(91_000);
    await sweep("silentWorkers");
    const lost = await only();
    expect(lost).toMatchObject({ state: "lost", workers: [{ workerId: "w1", status: "gone" }] });
    expect(lost.causes.map(({ fix }) => fix).join()).toContain("worker.claimFailed");
    await claim(token);
    expect((await only()).state).toBe("connected");
  });

  it("connected -> draining while only leaving workers are left", async () => {
    const { token } = await provision();
    await claim(token);
    await world.t.run(async (ctx) => {
      const row = await ctx.db.query("workers").first();
      if (row) await ctx.db.patch(row._id, { status: "draining" });
    });
    expect((await only()).state).toBe("draining");
    await claim(token, "w2");
    expect((await only()).state).toBe("connected");
  });

  it("any -> revoked, with what to do; the next call is refused", async () => {
    const { token, tokenId } = await provision();
    await claim(token);
    await world.t.mutation(world.lib.revokeWorkerToken, { tokenId });
    const revoked = await only();
    expect(revoked).toMatchObject({ state: "revoked", revokedAt: START });
    expect(revoked.causes[0]?.fix).toBe("Provision the worker again and start it with the new values.");
    await expect(hello(token)).rejects.toThrow("revoked");
  });

  it("stays one deployment when its token is rotated, and counts the workers of both", async () => {
    const { token, tokenId } = await provision();
    await claim(token);
    const next = await world.t.mutation(world.lib.rotateWorkerToken, { tokenId });
    expect(await only()).toMatchObject({ tokenId: next.tokenId, rotatedFrom: tokenId, state: "connected" });
    expect(await list(tokenId)).toHaveLength(1);
  });

  it("is none for a machine that the fleet launches", async () => {
    await world.t.run((ctx) =>
      mintMachineCredential(ctx, { workerId: "afw-1", tags: ["default"], lifetimeMs: HOUR }),
    );
    expect(await list()).toEqual([]);
  });
});

describe("a worker's introduction", () => {
  it("is one row per worker, replaced at its next start, at most 200 of a token", async () => {
    const { token } = await provision();
    await hello(token);
    await hello(token);
    await hello(token, "w1", "2.0.1");
    const rows = () => world.t.run((ctx) => ctx.db.query("workerReports").collect());
    expect((await rows()).map(({ version }) => version)).toEqual(["2.0.1"]);
    for (let i = 0; i < 205; i += 1) await hello(token, `again-${i}`);
    const kept = await rows();
    expect(kept).toHaveLength(200);
    expect(kept.some(({ worker }) => worker === "again-204")).toBe(true);
  });

  it("is forgotten 30 days after its worker", async () => {
    const { token } = await provision();
    await hello(token, "alive");
    await hello(token, "dead");
    await claim(token, "alive");
    vi.advanceTimersByTime(31 * 24 * HOUR);
    await sweep("reports");
    const rows = await world.t.run((ctx) => ctx.db.query("workerReports").collect());
    expect(rows.map(({ worker }) => worker)).toEqual(["alive"]);
  });
});

describe("worker-hours", () => {
  const hours = async (month = "2030-01") => await world.t.query(world.lib.workerHours, { month });
  /** Idle polls and the sweeps of a minute each. */
  async function serve(token: string, workerId: string, forMs: number): Promise<void> {
    for (let passed = 0; passed < forMs; passed += 60_000) {
      vi.advanceTimersByTime(60_000);
      await claim(token, workerId);
      await sweep("meters");
    }
  }

  it("count a worker's life from its first claim to its last sign of life", async () => {
    const { token, tokenId } = await provision({ group: "edge" });
    await claim(token);
    await serve(token, "w1", 2 * HOUR);
    vi.advanceTimersByTime(3 * HOUR);
    await sweep("silentWorkers");
    const { rows, totalHours, capped } = await hours();
    expect(rows).toMatchObject([{ workerId: "w1", tokenId, group: "edge", workspace: null }]);
    expect(totalHours).toBeCloseTo(2, 1);
    expect(capped).toBe(false);
  });

  it("add up short lives in one row", async () => {
    const { token } = await provision();
    for (const workerId of ["a", "b", "c"]) {
      await claim(token, workerId);
      await serve(token, workerId, 5 * 60_000);
    }
    vi.advanceTimersByTime(HOUR);
    await sweep("silentWorkers");
    await sweep("meters");
    const { rows } = await hours();
    expect(rows).toHaveLength(1);
    expect(rows[0]?.workerId).toBeNull();
    expect(rows[0]?.hours).toBeCloseTo(0.25, 1);
  });

  it("split at the end of a month", async () => {
    vi.setSystemTime(Date.UTC(2030, 0, 31, 23));
    const { token } = await provision();
    await claim(token);
    await serve(token, "w1", 3 * HOUR);
    vi.advanceTimersByTime(HOUR);
    await sweep("meters");
    expect((await hours("2030-01")).totalHours).toBeCloseTo(1, 1);
    expect((await hours("2030-02")).totalHours).toBeCloseTo(2, 1);
  });

  it("need a month", async () => {
    await expect(hours("2030-13")).rejects.toThrow("calendar month");
  });
});
