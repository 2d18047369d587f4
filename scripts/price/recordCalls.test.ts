import { convexTest } from "convex-test";
import { defineSchema, makeFunctionReference } from "convex/server";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { nestedCalls, recordCalls, recordedModules } from "./recordCalls.js";

const MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));

it("records calls within calls, once each, and nothing that is scheduled", async () => {
  const root = await mkdtemp(path.join(tmpdir(), "agent-factory-calls-"));
  try {
    await symlink(MODULES, path.join(root, "node_modules"), "dir");
    await mkdir(path.join(root, "convex/_generated"), { recursive: true });
    await writeFile(path.join(root, "package.json"), '{"type":"module"}');
    await writeFile(path.join(root, "convex/_generated/api.js"), "");
    const fn = (name: string, body: string) =>
      `export const ${name} = mutationGeneric({ handler: async (ctx) => { ${body} return null; } });\n`;
    await writeFile(
      path.join(root, "convex/lib.js"),
      'import { makeFunctionReference, mutationGeneric } from "convex/server";\n' +
        "const ref = (name) => makeFunctionReference(`lib:${name}`);\n" +
        fn(
          "outer",
          'await ctx.runMutation(ref("inner"), {}); await ctx.scheduler.runAfter(0, ref("later"), {});',
        ) +
        fn("inner", 'await ctx.runMutation(ref("innermost"), {});') +
        fn("innermost", "") +
        fn("later", 'await ctx.runMutation(ref("innermost"), {});'),
    );
    const t = convexTest({
      schema: defineSchema({}),
      modules: recordedModules(path.join(root, "convex"), ""),
    });
    const calls = await recordCalls(async () => {
      await t.mutation(makeFunctionReference<"mutation">("lib:outer"), {});
      // Still within the recording: it must not count although it runs while we watch.
      await new Promise((resolve) => setTimeout(resolve, 20));
      await t.finishInProgressScheduledFunctions();
    });
    const leaf = { component: "", module: "lib", fn: "innermost", nested: [] };
    const inner = { component: "", module: "lib", fn: "inner", nested: [leaf] };
    expect(calls).toEqual([{ component: "", module: "lib", fn: "outer", nested: [inner] }]);
    expect(nestedCalls(calls[0]!)).toBe(2);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
