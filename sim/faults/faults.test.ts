import { afterEach, describe, expect, it } from "vitest";
import { Hono } from "hono";
import { listenLoopback, type Listening } from "../http/listen.js";
import { adminGuard, faultRoutes, FaultPolicy, injectFaults, seededRandom, type SimEnv } from "./index.js";
import type { FaultRuleInput } from "./index.js";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

/** A server whose effect is a counter, so that a test sees whether a failing request still acted. */
async function startCounter(rules: FaultRuleInput[]) {
  const policy = new FaultPolicy(rules, seededRandom(1));
  const closing = new AbortController();
  let effects = 0;
  const app = new Hono<SimEnv>();
  app.use("*", injectFaults(policy, closing.signal));
  app.use("/__sim/*", adminGuard);
  app.route("/__sim/faults", faultRoutes(policy));
  app.all("*", (c) => {
    effects += 1;
    return c.text("done");
  });
  const listening: Listening = await listenLoopback(app.fetch);
  open.push({
    close: () => {
      closing.abort();
      return listening.close();
    },
  });
  return { url: listening.url, effects: () => effects };
}

describe("FaultPolicy", () => {
  const request = { method: "POST", path: "/bot1:x/sendMessage" };

  it("selects by method and path glob, any case", () => {
    const policy = new FaultPolicy(
      [{ kind: "dropBefore", method: "post", path: "/bot*/SENDMESSAGE" }],
      () => 0,
    );
    expect(policy.pick(request)).toHaveLength(1);
    expect(policy.pick({ ...request, method: "GET" })).toHaveLength(0);
    expect(policy.pick({ ...request, path: "/bot1:x/getMe" })).toHaveLength(0);
    expect(policy.pick({ ...request, path: "/bot1:x/sendMessageX" })).toHaveLength(0);
  });

  it("lets `skip` requests pass, then acts `count` times", () => {
    const policy = new FaultPolicy([{ kind: "dropAfter", skip: 1, count: 2 }], () => 0);
    expect([1, 2, 3, 4].map(() => policy.pick(request).length)).toEqual([0, 1, 1, 0]);
  });

  it("draws probabilities from the seed: the same seed, the same failures", () => {
    const draw = (seed: number) => {
      const policy = new FaultPolicy([{ kind: "dropBefore", probability: 0.5 }], seededRandom(seed));
      return Array.from({ length: 40 }, () => policy.pick(request).length).join("");
    };
    expect(draw(7)).toBe(draw(7));
    expect(draw(7)).not.toBe(draw(8));
    expect(draw(7)).toMatch(/0.*1|1.*0/);
  });

  it("combines latency with one failure and does not spend the second failure rule", () => {
    const policy = new FaultPolicy(
      [
        { kind: "latency", latencyMs: 5 },
        { kind: "dropBefore", count: 1 },
        { kind: "status", status: 502, count: 1 },
      ],
      () => 0,
    );
    expect(policy.pick(request).map(({ kind }) => kind)).toEqual(["latency", "dropBefore"]);
    expect(policy.pick(request).map(({ kind }) => kind)).toEqual(["latency", "status"]);
  });

  it("refuses a malformed rule and keeps the old ones", () => {
    const policy = new FaultPolicy([{ kind: "dropBefore" }], () => 0);
    expect(() => policy.set([{ kind: "status", status: 200 }])).toThrow();
    expect(policy.pick(request)).toHaveLength(1);
  });
});

describe("injected faults over a socket", () => {
  it("status answers without the effect", async () => {
    const { url, effects } = await startCounter([{ kind: "status", status: 502, body: "<html>", count: 1 }]);
    const failed = await fetch(url);
    expect([failed.status, await failed.text(), effects()]).toEqual([502, "<html>", 0]);
    expect((await fetch(url)).status).toBe(200);
  });

  it("dropBefore closes the connection without the effect", async () => {
    const { url, effects } = await startCounter([{ kind: "dropBefore", count: 1 }]);
    await expect(fetch(url, { method: "POST", body: "x" })).rejects.toThrow();
    expect(effects()).toBe(0);
  });

  it("dropAfter closes the connection after the effect", async () => {
    const { url, effects } = await startCounter([{ kind: "dropAfter", count: 1 }]);
    await expect(fetch(url, { method: "POST", body: "x" })).rejects.toThrow();
    expect(effects()).toBe(1);
  });

  it("latency after the effect delays only the reply", async () => {
    const { url, effects } = await startCounter([{ kind: "latency", latencyMs: 30, phase: "after" }]);
    const started = performance.now();
    await (await fetch(url)).text();
    expect(performance.now() - started).toBeGreaterThanOrEqual(28);
    expect(effects()).toBe(1);
  });

  it("a long latency does not outlive the server", async () => {
    const { url } = await startCounter([{ kind: "latency", latencyMs: 60_000 }]);
    const hanging = fetch(url).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const started = performance.now();
    await open.splice(0)[0]?.close();
    await hanging;
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("rules are replaced and counted over the admin route, which itself never fails", async () => {
    const { url } = await startCounter([{ kind: "dropBefore" }]);
    const headers = { "content-type": "application/json" };
    const rules = [{ kind: "status", status: 503, path: "/a" }];
    const set = await fetch(`${url}/__sim/faults`, {
      method: "POST",
      headers,
      body: JSON.stringify({ rules }),
    });
    expect(set.status).toBe(200);
    expect((await fetch(`${url}/a`)).status).toBe(503);
    expect((await fetch(`${url}/b`)).status).toBe(200);
    const status = (await (await fetch(`${url}/__sim/faults`)).json()) as { rules: { acted: number }[] };
    expect(status.rules.map(({ acted }) => acted)).toEqual([1]);
  });

  it("the admin route refuses malformed rules and bodies that a web page could post", async () => {
    const { url } = await startCounter([]);
    const post = (type: string, body: string) =>
      fetch(`${url}/__sim/faults`, { method: "POST", headers: { "content-type": type }, body });
    expect((await post("application/json", '{"rules":[{"kind":"explode"}]}')).status).toBe(400);
    expect((await post("application/json", "{")).status).toBe(400);
    expect((await post("text/plain", '{"rules":[]}')).status).toBe(415);
  });
});
