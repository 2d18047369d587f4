/**
 * Writes the table of the worker's variables.
 *
 *   npm run docs:variables              writes docs/worker/variables.md
 *   npm run docs:variables -- --check   exits 1 when the file is out of date
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { runMain } from "../runMain.js";
import { variablesPage } from "./page.js";

const PAGE = fileURLToPath(new URL("../../docs/worker/variables.md", import.meta.url));

await runMain("docs:variables", async (_signal, log) => {
  const page = await format(variablesPage(), { parser: "markdown" });
  if (process.argv[2] !== "--check") return await writeFile(PAGE, page);
  if ((await readFile(PAGE, "utf8").catch(() => "")) === page)
    return log("docs/worker/variables.md is up to date");
  throw new Error("docs/worker/variables.md is out of date; run: npm run docs:variables");
});
