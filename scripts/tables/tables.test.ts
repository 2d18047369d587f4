import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { expect, it } from "vitest";
import schema from "../../src/component/schema.js";
import { findTables } from "./findTables.js";
import { tablesPage } from "./page.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const tables = findTables(ROOT);

it("the page is what the code makes of it (npm run docs:tables)", async () => {
  const page = await readFile(`${ROOT}docs/tables.md`, "utf8");
  expect(page).toBe(await format(tablesPage(tables), { parser: "markdown" }));
});

it("knows every table of the schema, what it is, and somebody who inserts", () => {
  expect(tables.map(({ name }) => name).sort()).toEqual(Object.keys(schema.tables).sort());
  for (const { name, meaning, writers } of tables) {
    expect(meaning, name).not.toBe("");
    expect(writers.insert, name).not.toEqual([]);
  }
});

it("tells the table of a write from the type of its id, and the sweep from what it calls", () => {
  const workers = tables.find(({ name }) => name === "workers");
  expect(workers?.writers.delete).toEqual(["workers/remove.ts"]);
  expect(workers?.writers.patch).toContain("workers/transition.ts");
  expect(workers?.sweeps).toContain("forgottenWorkers");
  expect(tables.find(({ name }) => name === "fleetState")?.sweeps).toEqual([]);
});
