import { expect, it } from "vitest";
import { exceeded } from "./check.js";
import { limits } from "./limits.js";
import { callCost, requestCost } from "./priceList.js";
import type { RecordedCall } from "./recordCalls.js";
import { bytesBySource } from "./sources.js";
import type { Step } from "./usualPaths.js";

const call = (fn: string, nested: RecordedCall[] = []): RecordedCall => ({
  component: "agentFactory",
  module: "lib",
  fn,
  nested,
});
const light = { modules: 8, bytes: 150_000, evalRatio: 2 };
const usual: Step[] = Object.keys(limits.nested).map((fn) => ({
  kind: "function",
  name: fn,
  calls: [call(fn)],
}));
const check = (changed: Partial<Parameters<typeof exceeded>[0]>) =>
  exceeded({ lib: light, route: light, crons: [light], steps: usual, ...changed });

it("what is exactly at its limits is within them", () => {
  expect(check({})).toEqual([]);
});

it("every figure beyond its limit is named with both", () => {
  const heavy = { modules: 9, bytes: 300_000, evalRatio: 3.1 };
  expect(check({ lib: heavy, crons: [heavy] })).toEqual([
    "lib.modules: 9 > 8",
    "lib.bytes: 300000 > 250000",
    "lib.evalRatio: 3.10 > 2 (x 1.5)",
    "cron.modules: 9 > 8",
  ]);
});

it("nested calls count on all levels, and what was not measured does not pass", () => {
  const deep = call("claim", [call("candidates", [call("more")])]);
  const steps = usual.filter(({ name }) => name !== "fail" && name !== "claim");
  expect(check({ steps: [...steps, { kind: "gateway", name: "claim", calls: [deep] }] })).toEqual([
    "nested.claim: 2 > 1",
    "nested.fail: not measured",
  ]);
});

it("a request makes exactly one call into the component", () => {
  const none: Step = { kind: "webhook", name: "webhook", calls: [] };
  const two: Step = { kind: "gateway", name: "claim", calls: [call("claim"), call("idleHint")] };
  expect(check({ steps: [...usual, none, two] })).toEqual([
    "webhook webhook: 0 component calls, not 1",
    "gateway claim: 2 component calls, not 1",
  ]);
});

it("the price list gives back what it was made of, within a sixth", () => {
  const bare = { modules: 1, evalRatio: 1 };
  const near = (ms: number) => [ms * (5 / 6), ms * (7 / 6)] as const;
  const measured: [ms: number, predicted: number][] = [
    [15, callCost(15, { load: bare, nested: [] }, bare)],
    [26, callCost(15, { load: bare, nested: [{ load: bare, nested: [] }] }, bare)],
    [52, callCost(15, { load: bare, nested: Array(3).fill({ load: bare, nested: [] }) }, bare)],
    [19, callCost(15, { load: { modules: 1, evalRatio: 8 }, nested: [] }, bare)],
    [16, callCost(15, { load: { modules: 1, evalRatio: 2 }, nested: [] }, bare)],
    [26, callCost(15, { load: { modules: 26, evalRatio: 1 }, nested: [] }, bare)],
    [48, callCost(15, { load: { modules: 101, evalRatio: 1.5 }, nested: [] }, bare)],
    [40, callCost(15, { load: { modules: 1, evalRatio: 22 }, nested: [] }, bare)],
    [27, requestCost({ load: bare, nested: [{ load: bare, nested: [] }] }, bare)],
  ];
  for (const [ms, predicted] of measured) {
    const [low, high] = near(ms);
    expect(predicted).toBeGreaterThanOrEqual(low);
    expect(predicted).toBeLessThanOrEqual(high);
  }
});

it("bytes are counted for the package or the folder that they come from", () => {
  const chunk =
    'import {\n  a\n} from "./_deps/X.js";\n\n' +
    "// node_modules/@scope/name/dist/deep/file.js\nvar b = 1;\n\n" +
    "// src/core/queue/claim.ts\nvar c = 2; // src/core/other.ts\n\nexport {\n  b\n};\n";
  const bytes = bytesBySource([chunk]);
  expect(bytes.map(([source]) => source).sort()).toEqual(["(bundler)", "@scope/name", "src/core/queue"]);
  expect(bytes.reduce((sum, [, size]) => sum + size, 0)).toBe(chunk.length);
});
