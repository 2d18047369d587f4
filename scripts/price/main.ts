/**
 * What a call costs on a real backend, seen offline: bundles the example app and the component as the Convex CLI would push
 * them, loads every function's module in fresh contexts, follows the usual path of each operation, and adds up the price
 * list. Tables first; the last line is JSON. Exits 1 when a limit is exceeded.
 *
 *   npm run price [-- --sources upkeep.js --files]
 */
import { Command } from "commander";
import { fileURLToPath } from "node:url";
import { runMain } from "../runMain.js";
import { exceeded, nestedByFunction, type Loading } from "./check.js";
import { priceModules } from "./modules.js";
import { moduleTable, sourceTable, stepTable } from "./report.js";
import { usualPaths } from "./usualPaths.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** As the CLI names it: relative to the app's functions folder. */
const COMPONENT = "../../src/component";

const options = new Command("price")
  .description("what a call costs on a real backend, seen offline")
  .option("--sources <module...>", "show what the closure of these modules consists of", [
    "lib.js",
    "http.js",
  ])
  .option("--files", "show it by file, not by folder and package", false)
  .parse()
  .opts<{ sources: string[]; files: boolean }>();

await runMain("price", async (signal, log) => {
  const priced = await priceModules({ root: ROOT, component: COMPONENT }, signal);
  const { modules, crons } = priced;
  const moduleOf = (path: string) => {
    const found = modules.find((module) => module.path === path);
    if (found === undefined) throw new Error(`no function is registered in ${path}`);
    return found;
  };
  const sources = options.sources.map(moduleOf);
  const steps = await usualPaths(
    ROOT,
    crons.map(([, target]) => target),
  );
  const print = (...blocks: string[]) => process.stdout.write(`${blocks.join("\n\n")}\n\n`);
  print(moduleTable(priced), stepTable(steps, priced));
  print(...sources.map((module) => sourceTable(module, options.files ? "file" : "folder")));

  const lib = moduleOf("lib.js");
  const routes = modules.filter(({ kind }) => kind === "route");
  const largest = (figure: keyof Loading) => Math.max(...routes.map((route) => route[figure]));
  const route = { modules: largest("modules"), bytes: largest("bytes"), evalRatio: largest("evalRatio") };
  const over = exceeded({
    lib,
    route,
    crons: crons.map(([, target]) => moduleOf(`${target.split(":")[0]}.js`)),
    steps,
  });
  const { enqueue, claim, settle, heartbeat } = nestedByFunction(steps);
  const figures = ({ modules, bytes, evalRatio }: Loading) => ({
    modules,
    bytes,
    evalRatio: Number(evalRatio.toFixed(2)),
  });
  const nested = { enqueue, claim, settle, heartbeat };
  for (const line of over) log(`over the limit: ${line}`);
  process.stdout.write(`${JSON.stringify({ lib: figures(lib), route: figures(route), nested, over })}\n`);
  if (over.length > 0) process.exitCode = 1;
});
// Functions that the recorded calls scheduled would keep the process until their time comes.
process.exit();
