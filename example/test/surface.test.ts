/** The example app shows everything: what is not exported in its files cannot be found by reading them. */
import { describe, expect, it } from "vitest";
import { surface } from "../../src/client/surface/index.js";
import type { AccessClass } from "../../src/contract/row.js";
import * as agentFactory from "../convex/agentFactory.js";
import * as example from "../convex/example.js";
import * as operator from "../convex/operator.js";

const keysOf = (...classes: AccessClass[]): string[] =>
  Object.entries(surface)
    .filter(([, { access }]) => classes.includes(access))
    .map(([key]) => key);

describe("the example app", () => {
  it.each([
    ["agentFactory.ts", "what workers call", agentFactory, keysOf("worker")],
    ["operator.ts", "what operators and cron jobs call", operator, keysOf("read", "admin", "system")],
    ["example.ts", "what users call", example, keysOf("read", "write")],
  ] as const)("%s exports %s", (_file, _what, module, keys) => {
    expect(keys.filter((key) => !(key in module))).toEqual([]);
  });
});
