import { expect, it } from "vitest";
import { checkProject } from "./checkProject.js";
import { withPlantedProject } from "../deployment/plantedProject.js";

const check = (root: string) => checkProject({ root, app: "app", component: "child" });
const lines = (faults: readonly { rule: string; where: string }[]) =>
  faults.map((f) => `${f.rule} ${f.where}`);

it("a sound project has no fault", async () => {
  const result = await withPlantedProject({}, check);
  expect(result).toEqual({ faults: [], modules: 1, functions: 1 });
});

it("every planted fault of a project that still bundles is listed", async () => {
  const cron =
    'import { cronJobs, makeFunctionReference } from "convex/server";\nconst crons = cronJobs();\n';
  const { faults } = await withPlantedProject(
    {
      "child/bad-name.ts": "export const x = 1;\n",
      "child/throws.ts": 'export const x = 1;\nthrow new Error("no key");\n',
      "child/clock.ts": "export const startedAt = Date.now();\n",
      "child/clock2.ts": "export const startedAt = new Date();\nexport const fine = new Date(0);\n",
      "child/dice.ts": "export const dice = Math.random();\n",
      "child/settings.ts": "export const key = process.env.KEY;\n",
      "child/buffer.ts": 'export const bytes = Buffer.from("x");\n',
      "child/other.ts":
        'import { queryGeneric } from "convex/server";\nexport const open = queryGeneric({ handler: (ctx) => ctx.auth });\n',
      "child/crons.ts": `${cron}crons.interval("tick", { minutes: 1 }, makeFunctionReference<"mutation">("lib:gone"));\nexport default crons;\n`,
      "child/schema.ts":
        'import { defineSchema, defineTable } from "convex/server";\nimport { v } from "convex/values";\n' +
        'export default defineSchema({ t: defineTable({ a: v.string() }).index("x", ["a"]).index("y", ["a"]) });\n',
    },
    check,
  );
  expect(lines(faults).sort()).toEqual(
    [
      "auth child/other.ts:2",
      "cron ../child crons.js",
      "load ../child buffer.js",
      "load ../child throws.js",
      "modulePath ../child bad-name.js",
      "moduleScope ../child clock.js",
      "moduleScope ../child clock2.js",
      "moduleScope ../child dice.js",
      "moduleScope ../child settings.js",
      "publicBuilder child/other.ts:1",
      "publicModule ../child other.js:open",
      "schema ../child table t",
      "validators ../child other.js:open",
      "validators ../child other.js:open",
    ].sort(),
  );
});

it("what the CLI refuses to bundle is reported in its own words, beside the source rules", async () => {
  const { faults } = await withPlantedProject(
    {
      "child/node.ts":
        '"use node";\nimport { readFileSync } from "node:fs";\nexport const read = readFileSync;\n',
    },
    check,
  );
  expect(lines(faults)).toEqual([
    "useNode child/node.ts:1",
    "nodeBuiltin child/node.ts:2",
    "bundle convex deploy",
  ]);
});
