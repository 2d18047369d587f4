/**
 * Do the packed packages work for somebody else? Builds and packs both, installs each tarball into an empty project in a
 * temporary folder, type-checks a use of it, and loads the entry points in plain Node. The component's project is a Convex
 * app, whose code is generated first; how much it installs is bounded. The worker is started from its tarball.
 *
 *   npm run check:pack
 */
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runProcess } from "../deployment/runProcess.js";
import { runMain } from "../runMain.js";
import { checkComponent } from "./component.js";
import { pack, type Step } from "./pack.js";
import { checkWorker } from "./worker.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Installing from a cold cache is the slowest step. */
const STEP_TIMEOUT_MS = 5 * 60_000;

await runMain("check:pack", async (signal, log) => {
  const step: Step = async (what, cwd, command, ...args) => {
    const startedAt = performance.now();
    const { code, output } = await runProcess(command, args, { cwd, timeoutMs: STEP_TIMEOUT_MS, signal });
    if (code !== 0) throw new Error(`${what} failed:\n${output.trim()}`);
    log(`${what} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
    return output;
  };
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), "agent-factory-pack-")));
  try {
    const component = await pack(step, ROOT, folder);
    const worker = await pack(step, path.join(ROOT, "worker"), folder);
    const [ours, its] = [component, worker].map(({ packageJson }) => packageJson.version);
    if (ours !== its) throw new Error(`both packages have one version, not ${ours} and ${its}`);
    await checkComponent(step, component, folder, { signal, log });
    await checkWorker(step, worker, folder, { signal, log });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
