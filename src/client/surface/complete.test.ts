import { describe, expect, expectTypeOf, it } from "vitest";
import type { ComponentApi } from "../../component/_generated/component.js";
import * as lib from "../../component/lib.js";
import { exposeOperatorApi } from "../exposeApi.js";
import { rows, stepsOf } from "./forward.js";

/** Functions of the component that this package calls for the app, and no client may. */
const INTERNAL_TO_THE_APP = [
  "getAgentMembership",
  "identifyTelegramWebhook",
  "ingestTelegramUpdate",
  "noteWorkerRefusal",
  "poll",
  "recordAdminOperation",
  "recordRefusal",
];

const entries = Object.entries(rows);
const component = { lib: {} } as unknown as ComponentApi;

describe("the surface is complete", () => {
  it("exposes every function of the component but the named ones", () => {
    const exposed = new Set<string>(entries.flatMap(([, row]) => stepsOf(row).map((step) => step.fn)));
    expect(
      Object.keys(lib)
        .filter((name) => !exposed.has(name))
        .sort(),
    ).toEqual(INTERNAL_TO_THE_APP);
  });
  it("gives operators all that is neither a worker's nor a user's write", () => {
    const expected = entries.filter(([, row]) => row.access !== "worker" && row.access !== "write");
    const operator = exposeOperatorApi(component);
    expect(Object.keys(operator).sort()).toEqual(expected.map(([name]) => name).sort());
    expectTypeOf(operator).toHaveProperty("purgeDeadLetters");
    expectTypeOf(operator).not.toHaveProperty("enqueue");
    expectTypeOf(operator).not.toHaveProperty("workerClaim");
  });
});
