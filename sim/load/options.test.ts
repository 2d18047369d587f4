import { expect, it } from "vitest";
import { parseOptions } from "./options.js";

const optionsOf = (raw: Record<string, unknown>) => {
  const read = parseOptions(raw, {});
  if ("faults" in read) throw new Error(read.faults.join());
  return read.options;
};
const faultsOf = (raw: Record<string, unknown>): string[] => {
  const read = parseOptions(raw, {});
  return "faults" in read ? read.faults : [];
};
const given = { deployment: "http://127.0.0.1:3210", site: "http://127.0.0.1:3211", adminKey: "k" };

it("has the issue's load as its default, and the queue's design as that of --instant", () => {
  expect(optionsOf({})).toMatchObject({
    workers: 16,
    conversations: 100,
    messages: 2_000,
    loops: "claim-hydrate-complete",
    target: null,
  });
  expect(optionsOf({ instant: true })).toMatchObject({ workers: 10, conversations: 25 });
  expect(optionsOf({ processes: true }).loops).toBeNull();
  expect(optionsOf({ ...given, timeout: "7" })).toMatchObject({
    timeoutMs: 7_000,
    target: { adminKey: "k" },
  });
});

it("tells every malformed value at once, those of the deployment included", () => {
  const raw = { workers: "many", messages: "0", loops: "claim", payloadBytes: "-1", site: "nowhere" };
  const faults = faultsOf(raw);
  for (const name of ["workers", "messages", "loops", "payload-bytes", "site", "deployment", "admin-key"])
    expect(faults.filter((fault) => fault.startsWith(`--${name}`))).toHaveLength(1);
  expect(faults).toHaveLength(7);
});

it("tells everything that cannot go together at once", () => {
  const raw = {
    ...given,
    processes: true,
    loops: "claim-settle",
    workers: "40",
    transactionMs: "20",
    instant: true,
  };
  expect(faultsOf({ ...raw, drain: true, rate: "5", conversations: "30" })).toHaveLength(6);
});
