/**
 * Writes the page that says who writes which table.
 *
 *   npm run docs:tables              writes docs/tables.md
 *   npm run docs:tables -- --check   exits 1 when the file is out of date
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { runMain } from "../runMain.js";
import { findTables } from "./findTables.js";
import { tablesPage } from "./page.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGE = `${ROOT}docs/tables.md`;

await runMain("docs:tables", async (_signal, log) => {
  const page = await format(tablesPage(findTables(ROOT)), { parser: "markdown" });
  if (process.argv[2] !== "--check") return await writeFile(PAGE, page);
  if ((await readFile(PAGE, "utf8").catch(() => "")) === page) return log("docs/tables.md is up to date");
  throw new Error("docs/tables.md is out of date; run: npm run docs:tables");
});
