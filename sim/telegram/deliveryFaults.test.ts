import { describe, expect, it, vi } from "vitest";
import { connect, drained, ids } from "./testedWebhook.js";

describe("delivery faults", () => {
  it("duplicate: a delivered update arrives twice, before the next one", async () => {
    const { server, received } = await connect(() => 200, { deliveryFaults: { duplicate: { count: 1 } } });
    server.userSends({ chatId: 7, text: "a" });
    server.userSends({ chatId: 7, text: "b" });
    await vi.waitFor(() => expect(received).toHaveLength(3), { interval: 2 });
    expect(ids(received)).toEqual([1000, 1000, 1001]);
  });

  it("loseResponse: our 200 is lost, the update comes again and the error is on record", async () => {
    const { server, received, call } = await connect(() => 200);
    server.setDeliveryFaults({ loseResponse: { count: 2 } });
    server.userSends({ chatId: 7, text: "a" });
    await drained(server);
    expect(ids(received)).toEqual([1000, 1000, 1000]);
    expect(server.deliveries().map(({ status, error }) => [status, error])).toEqual([
      [200, "Connection closed"],
      [200, "Connection closed"],
      [200, undefined],
    ]);
    expect(await call("getWebhookInfo")).toMatchObject({ last_error_message: "Connection closed" });
  });

  it("probabilities come from the seed", async () => {
    const run = async (seed: number) => {
      const { server, received } = await connect(() => 200, {
        seed,
        deliveryFaults: { duplicate: { probability: 0.5 } },
      });
      for (let n = 0; n < 12; n += 1) server.userSends({ chatId: 7, text: `${n}` });
      await drained(server);
      await vi.waitFor(() => expect(server.deliveries()).toHaveLength(received.length), { interval: 2 });
      return ids(received).join(",");
    };
    expect(await run(3)).toBe(await run(3));
  });
});

describe("close", () => {
  it("many parallel deliveries raise no listener warning", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on("warning", note);
    const { server } = await connect(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return 200;
    });
    for (let chatId = 1; chatId <= 30; chatId += 1) server.userSends({ chatId, text: "x" });
    await drained(server);
    process.off("warning", note);
    expect(warnings).toEqual([]);
  });

  it("cuts a running delivery and a waiting retry, and sends nothing afterwards", async () => {
    const { server, received } = await connect((_, { chatId }) => (chatId === 7 ? undefined : 500), {
      timeScale: 1,
    });
    server.userSends({ chatId: 7, text: "hangs" });
    server.userSends({ chatId: 8, text: "retries" });
    await vi.waitFor(() => expect(received).toHaveLength(3), { interval: 2 });
    const started = performance.now();
    await server.close();
    expect(performance.now() - started).toBeLessThan(1_000);
    await expect(fetch(server.url)).rejects.toThrow();
    expect(received).toHaveLength(3);
  });
});
