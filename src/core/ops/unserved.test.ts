/** A workspace or lane that nobody serves is named, whatever sorts before it. */
import { describe, expect, it } from "vitest";
import { useWorld } from "../../../test/component/world.js";

const world = useWorld();

/** A worker of one workspace that listens, and somebody in each workspace who waits in the lane. */
async function waitingIn(workspaces: string[], served: string, tag = "default"): Promise<void> {
  const { t, lib } = world;
  const { token: workerToken } = await t.mutation(lib.createAgentWorkerToken, {
    workspace: served,
    tags: [tag],
  });
  await t.mutation(lib.claim, { workerId: `of-${served}`, workerToken });
  for (const workspace of workspaces) {
    await world.agent(workspace, { workspace });
    await world.send(`c-${workspace}`, "hello", { agentKey: workspace, tag });
  }
}
const findings = async () => {
  const { findings: all } = await world.t.query(world.lib.fleetHealth, {});
  return all.filter(({ code }) => code.startsWith("lane"));
};

describe("fleetHealth", () => {
  it.each([
    ["behind", "alpha", "zulu"],
    ["before", "zulu", "alpha"],
  ])("names a workspace that sorts %s a served one in the same lane", async (_, served, unserved) => {
    await waitingIn([served, unserved], served);
    const lanes = await findings();
    expect(lanes).toHaveLength(1);
    expect(lanes[0]).toMatchObject({ code: "lane_unserved", severity: "error" });
    expect(lanes[0]?.text).toContain(`'${unserved}'`);
  });

  it("names a lane behind one with many unserved workspaces, some of those, and that there are more", async () => {
    const many = Array.from({ length: 40 }, (_, n) => `tenant-${n}`);
    await waitingIn(["served", ...many], "served", "a-lane");
    await world.send("other", "hello", { tag: "z-lane" });
    const lanes = await findings();
    expect(lanes.filter(({ code }) => code === "lane_unserved")).toHaveLength(5);
    expect(JSON.stringify(lanes)).toContain("'z-lane'");
    expect(lanes.map(({ code }) => code)).toContain("lanes_not_all_seen");
  });

  it("says once that nobody lists a lane, for however many workspaces, and nothing of one that all may use", async () => {
    await waitingIn(["alpha", "zulu"], "alpha");
    await world.send("c1", "hello", { tag: "gpu" });
    await world.send("c2", "hello", { tag: "gpu", agentKey: "zulu" });
    await world.t.mutation(world.lib.claim, { workerId: "anybody's" });
    const lanes = await findings();
    expect(lanes).toHaveLength(1);
    expect(lanes[0]?.text).toContain("'gpu'");
  });
});
