import { describe, expect, it } from "vitest";
import { useWorld } from "../../../test/component/world.js";

const world = useWorld();
const register = (name: string, more: { workspaceId?: string; agentKeys?: string[]; kind?: string } = {}) =>
  world.t.mutation(world.lib.registerConnection, { name, kind: "postgres", ...more });
const names = async (workspaceId?: string) =>
  (await world.t.query(world.lib.listConnections, workspaceId === undefined ? {} : { workspaceId })).map(
    ({ name }) => name,
  );

describe("connections", () => {
  it("are registered, replaced, listed and removed; the acts are audited", async () => {
    await register("warehouse");
    await register("crm");
    await register("crm", { kind: "salesforce", agentKeys: ["default"] });
    expect(await world.t.query(world.lib.listConnections, {})).toMatchObject([
      { name: "crm", kind: "salesforce", agentKeys: ["default"], description: null },
      { name: "warehouse", kind: "postgres", agentKeys: null },
    ]);
    expect(await world.t.mutation(world.lib.removeConnection, { name: "crm" })).toBe(true);
    expect(await world.t.mutation(world.lib.removeConnection, { name: "crm" })).toBe(false);
    expect(await names()).toEqual(["warehouse"]);
    const acts = await world.t.run((ctx) => ctx.db.query("auditLog").collect());
    expect(acts.map(({ kind, subject }) => [kind, subject])).toEqual([
      ["connection.registered", "warehouse"],
      ["connection.registered", "crm"],
      ["connection.registered", "crm"],
      ["connection.removed", "crm"],
    ]);
  });

  it("are a workspace's own, 32 at most, and have names that a command line takes", async () => {
    await register("crm", { workspaceId: "acme" });
    expect([await names(), await names("acme")]).toEqual([[], ["crm"]]);
    for (let i = 0; i < 32; i += 1) await register(`c${i}`);
    await expect(register("one-more")).rejects.toThrow("at most 32");
    await register("c0", { kind: "still replaceable" });
    for (const wrong of ["", "CRM", "../x", "-x", "a b", "x".repeat(64)])
      await expect(register(wrong), wrong).rejects.toThrow("invalid_argument");
  });

  it("are named to the agents that get them, by name and kind alone", async () => {
    await register("warehouse");
    await register("crm", { agentKeys: ["sales"] });
    await register("theirs", { workspaceId: "acme" });
    await world.agent("sales");
    await world.send("c1", "hello");
    await world.send("c2", "hello", { agentKey: "sales" });
    const named = async (conversationId: string) => {
      const job = await world.mustClaim("w1", { conversationId, hydrate: true });
      return job.hydration?.connections;
    };
    expect(await named("c1")).toEqual([{ name: "warehouse", kind: "postgres" }]);
    expect(await named("c2")).toEqual([
      { name: "crm", kind: "postgres" },
      { name: "warehouse", kind: "postgres" },
    ]);
  });

  it("leave the bundle as it was where there are none", async () => {
    await world.send("c1", "hello");
    const { hydration } = await world.mustClaim("w1", { hydrate: true });
    expect(hydration).toBeDefined();
    expect(hydration).not.toHaveProperty("connections");
  });
});
