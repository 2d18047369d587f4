import { fileURLToPath } from "node:url";
import { runMain } from "../runMain.js";
import { priceModules } from "./modules.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
await runMain("price", async (signal) => {
  const t0 = performance.now();
  const { bare, modules, crons } = await priceModules(
    { root: ROOT, component: "../../src/component" },
    signal,
  );
  for (const m of [bare, ...modules])
    console.log(
      m.kind,
      m.unit,
      m.path,
      m.functions,
      m.modules,
      m.bytes,
      m.evalMs.toFixed(1),
      m.medianMs.toFixed(1),
      m.evalRatio.toFixed(2),
    );
  for (const m of modules.filter(({ kind }) => kind !== "internal")) {
    console.log(m.path);
    for (const [s, b] of m.sources) console.log(`  ${b} ${s}`);
  }
  console.log(crons, performance.now() - t0);
});
