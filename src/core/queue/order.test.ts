import { describe, expect, it } from "vitest";
import { START, textOf, useWorld } from "../../../test/component/world.js";

const world = useWorld();

describe("order", () => {
  it("gives one message of a conversation at a time, in order of arrival", async () => {
    for (const text of ["one", "two", "three"]) await world.send("c1", text);
    const first = await world.mustClaim("w1");
    expect(textOf(first)).toBe("one");
    expect(await world.claim("w2")).toBeNull();
    expect(await world.complete("w1", first)).toBe(true);
    expect(textOf(await world.claim("w2"))).toBe("two");
  });

  it("keeps the order when the first message fails: nothing overtakes a retry", async () => {
    await world.send("c1", "one");
    await world.send("c1", "two");
    await world.fail("w1", await world.mustClaim("w1"));
    expect(await world.claim("w1")).toBeNull();
    await world.pass(1_500);
    const retry = await world.mustClaim("w1");
    expect([textOf(retry), retry.attempt]).toEqual(["one", 2]);
  });

  it("does not let a delayed message hold up the ones that are due", async () => {
    await world.send("c1", "later", { scheduledFor: START + 5_000 });
    await world.send("c1", "now");
    const now = await world.mustClaim("w1");
    expect(textOf(now)).toBe("now");
    await world.complete("w1", now);
    expect(await world.claim("w1")).toBeNull();
    await world.pass(5_100);
    expect(textOf(await world.claim("w1"))).toBe("later");
  });

  it("finds a ready conversation behind the backlog of a busy one", async () => {
    for (let i = 0; i < 60; i += 1) await world.send("busy", `b${i}`);
    await world.mustClaim("w1");
    await world.send("other", "hello", { priority: 0 });
    expect(textOf(await world.claim("w2"))).toBe("hello");
  });

  it("alternates between workspaces whatever their backlogs", async () => {
    await world.agent("big", { workspace: "big" });
    await world.agent("small", { workspace: "small" });
    for (let i = 0; i < 30; i += 1) await world.send(`big${i}`, "big", { agentKey: "big" });
    for (let i = 0; i < 5; i += 1) await world.send(`small${i}`, "small", { agentKey: "small" });
    const served: (string | undefined)[] = [];
    for (let i = 0; i < 10; i += 1) served.push(textOf(await world.claim(`w${i}`)));
    expect(served.filter((text) => text === "small")).toHaveLength(5);
  });

  it("prefers priority, yet lets a low one through in bounded time", async () => {
    await world.send("low", "low", { priority: 0 });
    for (let i = 0; i < 150; i += 1) await world.send(`high${i}`, "high", { priority: 100 });
    expect(textOf(await world.claim("w"))).toBe("high");
    let overtakes = 1;
    while (textOf(await world.claim(`w${overtakes}`)) !== "low") overtakes += 1;
    expect(overtakes).toBeLessThanOrEqual(101);
  });

  it("moves a waiting conversation up when a more urgent message joins it", async () => {
    await world.send("a", "a", { priority: 50 });
    await world.send("b", "b", { priority: 10 });
    await world.send("b", "b urgent", { priority: 100 });
    expect(textOf(await world.claim("w1"))).toBe("b");
  });

  it("remembers an urgent message that arrived during a backoff", async () => {
    await world.send("a", "a1", { priority: 10 });
    await world.fail("w1", await world.mustClaim("w1"));
    await world.send("a", "a2", { priority: 100 });
    for (let i = 0; i < 5; i += 1) await world.send(`b${i}`, "b", { priority: 50 });
    await world.pass(1_500);
    expect(textOf(await world.claim("w1"))).toBe("a1");
  });
});
