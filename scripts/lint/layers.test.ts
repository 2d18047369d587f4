/** Proves that the lint rules of the layers, of file length and of import cycles report what they should. */
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ESLint, type Linter } from "eslint";
import tseslint from "typescript-eslint";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
// The planted files do not exist, so they have no types; the rules under test need none.
const UNTYPED = [
  { languageOptions: { parserOptions: { projectService: false } } },
  tseslint.configs.disableTypeChecked,
] as Linter.Config[];

const eslint = new ESLint({ cwd: ROOT, overrideConfig: UNTYPED });

/** Rule names reported for `text` at a path of the repository, without those about unused planted names. */
async function rulesAt(file: string, text: string): Promise<string[]> {
  const [result] = await eslint.lintText(text, { filePath: path.join(ROOT, file) });
  return (result?.messages ?? [])
    .map((message) => message.ruleId ?? `fatal: ${message.message}`)
    .filter((rule) => !/no-unused-(vars|expressions)$/.test(rule));
}

const PATHS = "import-x/no-restricted-paths";
const IMPORTS = "no-restricted-imports";

describe("layers", () => {
  it.each([
    ["src/contract/planted.ts", 'import { x } from "../core/functions.js";', PATHS],
    [
      "src/contract/planted.ts",
      'import { x } from "../policy/config/defaults.js"; import { z } from "zod";',
      IMPORTS,
    ],
    ["src/contract/planted.ts", 'import { defineTable } from "convex/server";', IMPORTS],
    ["src/policy/queue/planted.ts", 'import { x } from "../../core/functions.js";', PATHS],
    ["src/policy/queue/planted.ts", 'import { x } from "../../../worker/src/loop.js";', PATHS],
    ["src/policy/queue/planted.ts", 'import { createHash } from "node:crypto";', IMPORTS],
    ["src/policy/planted.ts", "export const maxTries = 3;", "no-restricted-syntax"],
    ["worker/src/planted.ts", "const quietMs = 2 * 1_000;", "no-restricted-syntax"],
    ["worker/src/planted.ts", 'const fileName = "lock";', "no-restricted-syntax"],
    ["src/client/planted.ts", 'import * as z from "zod";', "no-restricted-syntax"],
    ["src/core/queue/utils/planted.ts", "export const x = () => 1;", "no-restricted-syntax"],
    ["worker/src/helpers.ts", "export const x = () => 1;", "no-restricted-syntax"],
    ["src/policy/planted.ts", "export const at = () => Date.now();", "no-restricted-properties"],
    ["src/policy/planted.ts", "export const at = () => new Date();", "no-restricted-syntax"],
    ["src/policy/planted.ts", "export const at = () => Date();", "no-restricted-syntax"],
    ["src/policy/planted.ts", "export const r = () => Math.random();", "no-restricted-properties"],
    ["src/policy/planted.ts", "export const r = () => crypto.randomUUID();", "no-restricted-properties"],
    ["src/policy/planted.ts", 'export const r = () => fetch("x");', "no-restricted-globals"],
    ["src/policy/planted.ts", "export const r = () => globalThis.fetch;", "no-restricted-properties"],
    ["src/policy/planted.ts", "export const r = () => process.env.X;", "no-restricted-globals"],
    ["src/core/queue/planted.ts", 'import { x } from "../../../worker/src/loop.js";', PATHS],
    ["src/core/queue/planted.ts", 'import { x } from "../../component/queue.js";', PATHS],
    ["src/core/workers/planted.ts", 'import { x } from "../queue/model.js";', PATHS],
    ["src/core/bounds/planted.ts", 'import { x } from "../upkeep/tick.js";', PATHS],
    ["worker/src/memory/planted.ts", 'import { x } from "../engines/registry.js";', PATHS],
    ["src/core/queue/planted.ts", 'import { Hono } from "hono";', IMPORTS],
    ["src/core/queue/planted.ts", 'import { readFileSync } from "node:fs";', IMPORTS],
    [
      "src/core/queue/planted.ts",
      'import { internalMutation } from "../../component/_generated/server.js";',
      IMPORTS,
    ],
    ["src/core/queue/planted.ts", 'import { queryGeneric } from "convex/server";', IMPORTS],
    ["src/core/queue/planted.ts", 'import * as z from "zod";', IMPORTS],
    ["src/component/planted.ts", 'import { x } from "../policy/queue/place.js";', PATHS],
    ["src/component/planted.ts", 'import { mutation } from "./_generated/server.js";', IMPORTS],
    ["src/component/lib.ts", 'import { x } from "../policy/queue/place.js";', PATHS],
    ["src/client/planted.ts", 'import { x } from "../core/functions.js";', PATHS],
    ["src/client/planted.ts", 'import { x } from "../../worker/src/loop.js";', PATHS],
    [
      "src/client/planted.ts",
      'import { x } from "../component/_generated/component.js";',
      "@typescript-eslint/no-restricted-imports",
    ],
    ["worker/src/planted.ts", 'import type { x } from "../../src/component/_generated/component.js";', PATHS],
    ["src/react/planted.tsx", 'import { useState } from "react";', IMPORTS],
    ["worker/src/planted.ts", 'import { x } from "../../scripts/runMain.js";', PATHS],
    ["example/convex/planted.ts", 'import { x } from "../../src/contract/queue.js";', IMPORTS],
  ])("%s: %s -> %s", async (file, text, rule) => {
    expect(await rulesAt(file, text)).toContain(rule);
  });

  it.each([
    ["src/contract/planted.ts", 'import { v } from "convex/values"; import { x } from "./errors.js";'],
    ["src/policy/queue/planted.ts", 'import { x } from "../../contract/errors.js"; new Date(0);'],
    [
      "worker/src/planted.ts",
      "const MAX_TRIES = 3; export const pattern = /x/; const sum = () => 1 + MAX_TRIES;",
    ],
    ["src/policy/queue/planted.test.ts", 'import { createHash } from "node:crypto"; Date.now();'],
    ["src/component/planted.ts", 'import { internalMutation } from "./_generated/server.js";'],
    ["src/core/queue/planted.ts", 'import { x } from "../../contract/errors.js"; Date.now();'],
    [
      "src/component/lib.ts",
      'import { query } from "./_generated/server.js"; import { x } from "../core/functions.js";',
    ],
    ["src/client/planted.ts", 'import type { X } from "../component/_generated/component.js";'],
    [
      "worker/src/planted.ts",
      'import { x } from "../../src/contract/errors.js"; import pino from "pino"; process.env.X;',
    ],
    ["example/convex/planted.ts", 'import { x } from "@okrlinkhub/agent-factory";'],
  ])("allows %s: %s", async (file, text) => {
    expect(await rulesAt(file, text)).toEqual([]);
  });
});

const FOLDERS = JSON.parse(readFileSync(new URL("folders.json", import.meta.url), "utf8")) as Record<
  string,
  string[]
>;
it.each(Object.entries(FOLDERS))("every folder of %s has its place", async (layer, folders) => {
  const entries = await readdir(path.join(ROOT, layer), { withFileTypes: true });
  const found = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  expect([...folders].sort()).toEqual(found.sort());
});

it("the worker's page lists its folders, each after those that it may import", async () => {
  const page = await readFile(path.join(ROOT, "worker/README.md"), "utf8");
  const rows = [...page.matchAll(/^\| `([\w-]+)` +\|/gm)].map(([, folder]) => folder);
  expect(rows).toEqual(FOLDERS["worker/src"]);
});

describe("file length", () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, i) => `export const a${i} = [${i}];\n`).join("");
  it.each([
    "worker/src/planted.ts",
    "sim/planted.ts",
    "scripts/planted.ts",
    "bench/planted.ts",
    "src/x.test.ts",
  ])("%s: 300 lines of code pass, 301 do not; blank lines and comments do not count", async (file) => {
    expect(await rulesAt(file, `${lines(300)}\n\n// a comment\n`)).toEqual([]);
    expect(await rulesAt(file, lines(301))).toEqual(["max-lines"]);
  });
});

it("an import cycle over three files is reported; a type-only one is not", async () => {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), "agent-factory-cycle-")));
  try {
    const files = {
      "sim/a.ts": 'import { b } from "./b.js";\nexport const a = () => b;\n',
      "sim/b.ts": 'import { c } from "./c.js";\nexport const b = () => c;\n',
      "sim/c.ts": 'import { a } from "./a.js";\nexport const c = () => a;\n',
      "sim/d.ts": 'import type { E } from "./e.js";\nexport type D = E | 1;\n',
      "sim/e.ts": 'import type { D } from "./d.js";\nexport type E = D[];\n',
    };
    await mkdir(path.join(folder, "sim"));
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
    const here = new ESLint({
      cwd: folder,
      overrideConfigFile: path.join(ROOT, "eslint.config.js"),
      overrideConfig: UNTYPED,
    });
    const results = await here.lintFiles(["sim"]);
    const reported = results.flatMap((result) =>
      result.messages.map((message) => `${path.basename(result.filePath)} ${message.ruleId}`),
    );
    expect(reported.sort()).toEqual(["a.ts", "b.ts", "c.ts"].map((name) => `${name} import-x/no-cycle`));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
