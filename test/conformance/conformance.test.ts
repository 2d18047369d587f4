import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { documentPath, fillDocument } from "../../conformance/document.js";
import { allRows, rules } from "../../conformance/rows.js";
import { scenarios } from "../../conformance/scenarios/index.js";
import { startStage, type Stage } from "../../conformance/stage.js";
import { startPlatform } from "../../sim/platform/index.js";
import { isFound } from "./matrix.js";
import { mutant, mutations, referenceWorker } from "./mutations.js";

const kit = new URL("../../conformance/", import.meta.url).pathname;
const repository = new URL("../../", import.meta.url).pathname;
const hasTools = ["bash", "curl", "jq"].every((tool) => spawnSync(tool, ["--version"]).status === 0);
if (!hasTools) console.warn("SKIPPED: the shell worker's tests need bash, curl and jq");

describe("the protocol document", () => {
  it("agrees with the contract and the rules (else: npx tsx conformance/writeDocument.ts)", async () => {
    const text = readFileSync(documentPath, "utf8");
    expect(await fillDocument(text)).toBe(text);
    for (const id of allRows) expect(text).toContain(`| ${id} `);
  });

  it("has a check for every rule, and every trial shows rows that it judges", () => {
    const sources = ["checks", "scenarios"].flatMap((folder) =>
      readdirSync(kit + folder).map((file) => readFileSync(`${kit}${folder}/${file}`, "utf8")),
    );
    const judged = (id: string) =>
      sources.some((source) => new RegExp(`"${id}"`).test(source.replace(/shows: \[[^\]]*\]/gs, "")));
    expect(Object.keys(rules).filter((id) => !judged(id))).toEqual([]);
    const shown = new Set(scenarios.flatMap(({ shows }) => shows));
    expect(mutations.map(({ breaks }) => breaks).filter((id) => !shown.has(id))).toEqual([]);
  });
});

/** The command line: what it prints on stdout, and its exit code. */
async function run(args: string[]): Promise<{ code: number | null; lines: string[] }> {
  const child = spawn(process.execPath, ["--import", "tsx", `${kit}main.ts`, ...args], {
    cwd: repository,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, lines: out.trim().split("\n") };
}

describe.skipIf(!hasTools).concurrent("the kit", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ target: null, tell: () => undefined, signal: new AbortController().signal });
  });
  afterAll(() => stage.close());

  it("ends with one line of JSON for a worker that keeps the rows it is asked about", async ({ expect }) => {
    const rows = ["P-FORM-3", "P-FAIL-2"];
    const { code, lines } = await run(["--only", rows.join(), referenceWorker]);
    expect(lines).toEqual([JSON.stringify({ checks: 2, passed: 2, failed: [] })]);
    expect(code).toBe(0);
  }, 60_000);

  it("fails a program that is no worker, soon", async ({ expect }) => {
    const { code, lines } = await run(["--only", "P-CLAIM-1,P-STOP-1", "true"]);
    expect(lines).toEqual([JSON.stringify({ checks: 2, passed: 0, failed: ["P-CLAIM-1", "P-STOP-1"] })]);
    expect(code).toBe(1);
  });

  // The whole matrix is `npm run conformance:broken`; these two fail within seconds.
  it.each(mutations.filter(({ breaks }) => ["P-FAIL-2", "P-LOST-1"].includes(breaks)))(
    "finds a worker that $name ($breaks)",
    async (mutation) => {
      expect(await isFound(stage, mutation, AbortSignal.timeout(30_000))).toBe(true);
    },
  );

  it("has at least ten broken workers, each made from the reference by one change", async () => {
    expect(mutations.length).toBeGreaterThanOrEqual(10);
    for (const mutation of mutations) await (await mutant(mutation)).remove();
  });

  it("keeps the reference worker below 150 lines", () => {
    expect(readFileSync(referenceWorker, "utf8").trimEnd().split("\n").length).toBeLessThan(150);
  });
});

it.skipIf(!hasTools)(
  "the kit judges a worker against a given deployment as well",
  async () => {
    const platform = await startPlatform({ crons: false });
    try {
      const given = [
        "--deployment",
        platform.cloudUrl,
        "--site",
        platform.siteUrl,
        "--admin-key",
        platform.adminKey,
      ];
      const { code, lines } = await run(["--only", "P-FORM-3", ...given, referenceWorker]);
      expect(lines).toEqual([JSON.stringify({ checks: 1, passed: 1, failed: [] })]);
      expect(code).toBe(0);
    } finally {
      await platform.close();
    }
  },
  60_000,
);
