import { convexTest } from "convex-test";
import { componentsGeneric, defineSchema } from "convex/server";
import { describe, expect, it } from "vitest";
import type { ComponentApi } from "./component/_generated/component.js";
import agentFactory, { register } from "./test.js";

// convex-test finds the functions root by a path that holds `_generated`.
const APP_MODULES = { "./convex/_generated/api.js": async () => ({}) };

describe("register", () => {
  it.each(["agentFactory", "second"])(
    "an app's function reaches the component installed as %s",
    async (name) => {
      const t = convexTest(defineSchema({}), APP_MODULES);
      if (name === "agentFactory") register(t);
      else register(t, name);
      const component = (componentsGeneric() as unknown as Record<string, ComponentApi>)[name]!;
      expect(await t.query((ctx) => ctx.runQuery(component.lib.messageRuntimeConfig, {}))).toBeNull();
    },
  );

  it("the default export carries the schema and the component's modules, without its tests", () => {
    expect(Object.keys(agentFactory.schema.tables)).not.toEqual([]);
    const paths = Object.keys(agentFactory.modules);
    expect(paths).toEqual(expect.arrayContaining(["./component/lib.ts", "./component/_generated/api.ts"]));
    expect(paths.filter((path) => path.endsWith(".test.ts"))).toEqual([]);
  });
});
