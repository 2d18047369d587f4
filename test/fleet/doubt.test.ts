/** What the provider says comes late, in another order, is wrong for an hour, or does not come: nothing runs for ever, nobody alive is ended. */
import { describe, expect, it } from "vitest";
import { CONFIG, useFleet, type FleetWorld } from "./fleetWorld.js";

const fleet = useFleet();
const never = new Promise<never>(() => undefined);
const IDLE = { scaling: { idleTimeoutMs: 60_000 } };

const isAnswered = (f: FleetWorld) => async () =>
  f.world.t.run(async (ctx) =>
    (await ctx.db.query("messageQueue").collect()).every(({ status }) => status === "done"),
  );
const codes = async (f: FleetWorld) =>
  (await f.world.t.query(f.world.lib.fleetHealth, {})).findings.map(({ code }) => code);
const reasons = async (f: FleetWorld) =>
  (await f.machines()).flatMap(({ stop, drain }) =>
    stop ? `${stop.reason} ${drain?.reason ?? ""}`.trim() : [],
  );

/** One worker that has answered, and goes on polling. */
async function serving(f: FleetWorld, policies = {}): Promise<void> {
  f.patienceMs = 15;
  await f.configure({ scaling: { idleTimeoutMs: 3_600_000 }, ...policies });
  await f.world.send("c1", "hello");
  await f.live(isAnswered(f), 120_000);
}

describe("a list shows a machine before its launch has reported it", () => {
  it("because the creation is answered late: the machine serves, and goes when it is idle", async () => {
    const f = fleet();
    f.patienceMs = 15;
    await f.configure(IDLE);
    f.aroundCall = async (make) => {
      const before = f.fly.counts().machinesCreated;
      const answer = await make();
      if (f.fly.counts().machinesCreated > before) await new Promise((resolve) => setTimeout(resolve, 8_000));
      return answer;
    };
    await f.world.send("c1", "hello");
    expect(await f.live(isAnswered(f), 120_000)).toEqual(["hello"]);
    await f.live(() => f.atRest(), 1_200_000, 5_000);
  });

  it.each(["serves", "does not start"] as const)(
    "because the launch never reports: one that %s is moved on, with one credential per attempt and few attempts",
    async (kind) => {
      const f = fleet();
      f.patienceMs = 15;
      await f.configure(IDLE);
      if (kind === "does not start") f.fly.setCloudFaults([{ kind: "launchFailed", count: 1 }]);
      let died = false;
      f.aroundCall = async (make) => {
        const before = f.fly.counts().machinesCreated;
        const answer = await make();
        if (died || f.fly.counts().machinesCreated === before) return answer;
        died = true;
        return await never;
      };
      await f.world.send("c1", "hello");
      expect(await f.live(isAnswered(f), 1_200_000, 5_000)).toEqual(["hello"]);
      await f.live(() => f.atRest(), 1_200_000, 5_000);
      expect(Math.max(...(await f.machines()).map(({ tokenIds }) => tokenIds.length))).toBeLessThanOrEqual(2);
    },
  );

  it("and a launch that never says anything is given up after five attempts", async () => {
    const f = fleet();
    f.patienceMs = 10;
    await f.configure({ ...IDLE, fleet: { stateful: false } });
    f.aroundCall = async (make) => {
      const before = f.fly.counts().machinesCreated;
      // The request arrives nowhere and is never answered.
      const request = f.fly.calls().length;
      const answer = await make();
      const last = f.fly.calls().at(-1);
      const isCreation = f.fly.calls().length > request && last?.method === "POST";
      return isCreation && f.fly.counts().machinesCreated >= before ? await never : answer;
    };
    f.fly.setFaults([{ kind: "status", status: 503, method: "POST", path: "*/machines" }]);
    await f.world.send("c1", "hello");
    await f.pass(900_000, 15_000);
    const ended = (await f.machines()).filter(({ live }) => !live);
    expect(ended[0]?.stop?.reason).toBe("never_launched");
    expect(ended[0]?.tokenIds).toHaveLength(5);
  });
});

describe("a machine that is made when nobody wants it any more", () => {
  it("is found and removed within half an hour, though the provider is asked once an hour", async () => {
    const f = fleet();
    f.patienceMs = 10;
    await f.configure(IDLE);
    await f.world.send("c1", "hello");
    await f.live(isAnswered(f), 120_000);
    const [first] = f.fly.machines();
    await f.live(() => f.atRest(), 1_200_000, 5_000);
    // A creation that hung at the provider for minutes.
    await f.fly.fetch("https://fly.test/v1/apps/workers/machines", {
      method: "POST",
      headers: { authorization: `Bearer ${f.fly.token}`, "content-type": "application/json" },
      body: JSON.stringify({
        name: first?.name,
        region: "iad",
        config: { image: CONFIG.image, metadata: first?.metadata },
      }),
    });
    await f.pass(1_500_000, 15_000);
    expect(f.fly.counts().machinesNow).toBe(0);
  });
});

describe("lists that lack a worker", () => {
  it("do nothing to one that calls, say so, and are forgotten when they show it again", async () => {
    const f = fleet();
    await serving(f);
    f.fly.setCloudFaults([{ kind: "emptyList", of: "machines" }]);
    let seconds = 0;
    await f.live(() => Promise.resolve((seconds += 5) >= 300), 400_000, 5_000);
    expect(f.running()).toHaveLength(1);
    expect(await codes(f)).toContain("machine_unlisted");
    f.fly.setCloudFaults([]);
    await f.live(() => Promise.resolve((seconds += 5) >= 450), 400_000, 5_000);
    expect(await codes(f)).not.toContain("machine_unlisted");
    expect(await reasons(f)).toEqual([]);
  });

  it("nor to one that keeps silent, as long as the provider knows its machine", async () => {
    const f = fleet();
    await serving(f);
    f.fly.setCloudFaults([{ kind: "emptyList", of: "machines" }]);
    await f.pass(400_000, 10_000);
    expect(await reasons(f)).toEqual([]);
    const [machine] = await f.machines();
    expect(machine?.drain?.reason).toBe("silent");
  });

  it("nor is one drained that says nothing because it saves", async () => {
    const f = fleet();
    await serving(f);
    const [worker] = await f.workers();
    if (!worker?.binding) throw new Error("it is bound");
    const { workspace: workspaceId, agentKey } = worker.binding;
    const { prepareDataSnapshotUpload } = f.world.lib;
    const { workerId } = worker;
    await f.world.t.mutation(prepareDataSnapshotUpload, {
      workerId,
      workspaceId,
      agentKey,
      reason: "periodic",
    });
    await f.pass(240_000, 10_000);
    expect((await f.machines()).map(({ drain }) => drain)).toEqual([undefined]);
    await f.pass(300_000, 10_000);
    expect((await f.machines())[0]?.drain?.reason).toBe("silent");
  });

  it("are those of another app after a change of the configuration: the machine goes on in its own", async () => {
    const f = fleet();
    await serving(f);
    await f.world.t.mutation(f.world.lib.setProviderRuntimeConfig, {
      providerConfig: { ...CONFIG, image: CONFIG.image, appName: "workers" },
    });
    await f.world.t.run(async (ctx) => {
      const [row] = await ctx.db.query("machines").collect();
      if (row) await ctx.db.patch(row._id, { appName: "earlier" });
    });
    let seconds = 0;
    await f.live(() => Promise.resolve((seconds += 5) >= 200), 400_000, 5_000);
    expect(await reasons(f)).toEqual([]);
    expect(await codes(f)).not.toContain("machine_unlisted");
  });

  it("are believed about a machine that somebody destroyed, once its worker is silent", async () => {
    const f = fleet();
    await serving(f);
    f.launcher.started[0]?.exit({ exitCode: 137, signal: "SIGKILL" });
    const [machine] = f.fly.machines();
    await f.fly.fetch(`https://fly.test/v1/apps/workers/machines/${machine?.id}?force=true`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${f.fly.token}` },
    });
    await f.pass(300_000, 5_000);
    expect(await reasons(f)).toEqual(["machine_lost silent"]);
    expect((await f.machines())[0]?.live).toBe(false);
  });
});

describe("a provider that cannot be asked for hours", () => {
  it("keeps nobody from draining what rests; it goes when the provider answers again", async () => {
    const f = fleet();
    await serving(f, { scaling: { idleTimeoutMs: 120_000 } });
    f.fly.setFaults([{ kind: "status", status: 401 }]);
    await f.live(() => Promise.resolve(f.running().length === 0), 600_000, 5_000);
    const waiting = await f.world.send("c2", "hello");
    await f.pass(120_000, 5_000);
    const { text } = await f.world.t.query(f.world.lib.explainMessage, { messageId: waiting });
    expect(text).toContain("Fly API");
    f.fly.setFaults([]);
    expect(await f.live(isAnswered(f), 900_000, 5_000)).toEqual(["hello"]);
  });
});
