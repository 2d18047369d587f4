/**
 * Would it deploy? Bundles the example app and the component with the Convex CLI, offline, then applies the rules a
 * deployment applies at push time. Lists every fault; exits 1 if there is one.
 *
 *   npm run check:deploy
 */
import { fileURLToPath } from "node:url";
import { runMain } from "../runMain.js";
import { checkProject } from "./checkProject.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

await runMain("check:deploy", async (signal, log) => {
  const { faults, modules, functions } = await checkProject(
    { root: ROOT, app: "example/convex", component: "src/component", core: "src/core" },
    signal,
  );
  for (const { rule, where, message } of faults) log(`[${rule}] ${where}: ${message}`);
  if (faults.length > 0) throw new Error(`${faults.length} fault(s)`);
  log(`${modules} modules with ${functions} functions would deploy`);
});
