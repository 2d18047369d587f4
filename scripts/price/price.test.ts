import { appendFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { z } from "zod";
import { withPlantedProject } from "../deployment/plantedProject.js";
import { withProjectCopy } from "../deployment/projectCopy.js";
import { runProcess } from "../deployment/runProcess.js";
import { exceeded } from "./check.js";
import { priceModules } from "./modules.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Several runs of the CLI and some hundred loads: 25 s on an idle machine, several times that on a busy one. */
const TOOL_TEST_TIMEOUT_MS = 240_000;

const ROUTE =
  'import { httpActionGeneric, httpRouter } from "convex/server";\nimport { answer } from "./answer";\n' +
  "const http = httpRouter();\n" +
  'http.route({ path: "/", method: "GET", handler: httpActionGeneric(async () => new Response(answer())) });\n' +
  "export default http;\n";

/** Limits of modules that a planted project with these files exceeds. */
async function exceededBy(files: Record<string, string>): Promise<string[]> {
  const project = {
    "app/http.ts": ROUTE,
    "app/answer.ts": 'export const answer = () => "hello";\n',
    ...files,
  };
  return await withPlantedProject(project, async (root) => {
    const { modules } = await priceModules({ root, component: "../child" });
    const lib = modules.find(({ path }) => path === "lib.js")!;
    const route = modules.find(({ kind }) => kind === "route")!;
    return exceeded({ lib, route, crons: [], steps: [] }).filter((line) => /^(lib|route)/.test(line));
  });
}

it(
  "a light function and a light route are within the limits; with one heavy import below the route it is not",
  async () => {
    expect(await exceededBy({})).toEqual([]);
    const heavy = await exceededBy({
      "app/answer.ts":
        'import { z } from "zod";\nconst text = z.string();\nexport const answer = () => text.parse("hello");\n',
    });
    expect(heavy).toContainEqual(expect.stringMatching(/^route\.bytes: \d+ > 150000$/));
    expect(heavy.filter((line) => line.startsWith("lib"))).toEqual([]);
  },
  TOOL_TEST_TIMEOUT_MS,
);

const loading = z.strictObject({
  modules: z.number().int(),
  bytes: z.number().int(),
  evalRatio: z.number(),
});
const vLastLine = z.strictObject({
  lib: loading,
  route: loading,
  nested: z.strictObject({
    enqueue: z.number(),
    claim: z.number(),
    settle: z.number(),
    heartbeat: z.number(),
  }),
  over: z.array(z.string()),
});

it(
  "npm run price fails in a copy of this repository whose public functions import zod and whose route imports Temporal",
  async () => {
    const work = async (copy: string) => {
      await appendFile(
        path.join(copy, "src/component/lib.ts"),
        '\nimport { z as planted } from "zod";\nexport const plantedSchema = planted.object({ a: planted.string() });\n',
      );
      await appendFile(
        path.join(copy, "example/convex/http.ts"),
        '\nimport { Temporal } from "temporal-polyfill";\nexport const planted = () => Temporal.Now.instant();\n',
      );
      return await runProcess(process.execPath, ["--import", "tsx", "scripts/price/main.ts"], { cwd: copy });
    };
    const { code, output } = await withProjectCopy(ROOT, work, ["scripts", "bench", "test", "sim"]);
    expect(code, output).toBe(1);
    const json = output.split("\n").findLast((line) => line.startsWith("{"));
    const { lib, route, over } = vLastLine.parse(JSON.parse(json ?? ""));
    expect(over).toEqual(expect.arrayContaining([`lib.bytes: ${lib.bytes} > 250000`]));
    expect(over).toEqual(expect.arrayContaining([`route.bytes: ${route.bytes} > 150000`]));
    // The whole of zod, which its namespace object keeps together, and who is to blame.
    expect(lib.bytes).toBeGreaterThan(500_000);
    expect(output).toMatch(/^zod +[5-9]\d{5}$/m);
    expect(output).toMatch(/^temporal-polyfill +\d{5,}$/m);
  },
  TOOL_TEST_TIMEOUT_MS,
);
