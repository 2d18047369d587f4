import { readFile } from "node:fs/promises";
import { format } from "prettier";
import { expect, it } from "vitest";
import { envHelp } from "../../worker/src/env.js";
import { mappedNames, variablesPage } from "./page.js";

const page = await readFile(new URL("../../docs/worker/variables.md", import.meta.url), "utf8");

it("the page is what the schema makes of it (npm run docs:variables)", async () => {
  expect(page).toBe(await format(variablesPage(), { parser: "markdown" }));
});

it("the mappings name variables that exist", () => {
  const known = new Set(envHelp().map(({ name }) => name));
  expect(mappedNames().filter((name) => !known.has(name))).toEqual([]);
});
