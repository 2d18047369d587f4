/** What the Fly adapter says of requests that were not answered, and that it sends none when its time is over. */
import { expect, it } from "vitest";
import { createFlyProvider } from "../../src/core/providers/fly/flyAdapter.js";
import type { MachineProvider } from "../../src/core/providers/provider.js";
import { failureOf, specOf } from "./conformance.js";

const MACHINE = {
  id: "148ed21ad76e98",
  name: "afw-1",
  state: "started",
  region: "iad",
  created_at: "2030-01-01T00:00:00Z",
  config: { image: "workers:1", metadata: {} },
};

/** An adapter whose requests end so, in turn; each, and each wait, takes two seconds. */
function adapter(
  ends: (number | "cut")[],
  until = Infinity,
): { provider: MachineProvider; sent: () => number } {
  let sent = 0;
  let now = 0;
  const provider = createFlyProvider("workers", "fm2_token", {
    fetch: async () => {
      const end = ends[Math.min(sent, ends.length - 1)];
      sent += 1;
      now += 2_000;
      if (end === "cut") throw new TypeError("fetch failed");
      return new Response(JSON.stringify(end === 200 ? MACHINE : {}), { status: end ?? 500 });
    },
    sleep: async () => void (now += 2_000),
    now: () => now,
    until,
  });
  return { provider, sent: () => sent };
}

it("A machine whose requests were all answered is settled", async () => {
  const { provider } = adapter([429, 200]);
  expect(await provider.createMachine(specOf("afw-1"))).toMatchObject({ unsettled: false });
});

it.each(["cut", 503] as const)("one that was made after a request ended with %s is not", async (end) => {
  const { provider } = adapter([end, 200]);
  expect(await provider.createMachine(specOf("afw-1"))).toMatchObject({ unsettled: true });
});

it("A refusal after a request that was not answered leaves the outcome open", async () => {
  const { provider } = adapter([503, 400]);
  expect(await failureOf(provider.createMachine(specOf("afw-1")))).toMatchObject({
    kind: "invalid",
    status: 400,
    outcomeUnknown: true,
  });
});

it("Nothing is sent once the time is over, and what was sent before stays open", async () => {
  const late = adapter([200], 0);
  expect(await failureOf(late.provider.createMachine(specOf("afw-1")))).toMatchObject({
    kind: "timeout",
    retryable: true,
    outcomeUnknown: false,
  });
  expect(late.sent()).toBe(0);
  const ending = adapter([503], 7_000);
  expect(await failureOf(ending.provider.createMachine(specOf("afw-1")))).toMatchObject({
    kind: "timeout",
    outcomeUnknown: true,
  });
  expect(ending.sent()).toBe(2);
});
