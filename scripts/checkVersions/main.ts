/**
 * Does the whole peer range of `convex` work? Installs its lowest and its newest version into scratch copies of this
 * repository and, in each, type-checks everything, bundles with that version's CLI as `check:deploy` does, and runs the tests of
 * what depends on `convex` most. Needs npm's registry.
 *
 *   npm run check:versions
 */
import { cp, mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runProcess } from "../deployment/runProcess.js";
import { runMain } from "../runMain.js";
import { neededNode, newestOf, peerRange } from "./versions.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What is made, not written; and what a copy installs for itself. */
const NOT_COPIED = ["node_modules", "dist", "worker/node_modules", "worker/dist", "coverage", "tmp", ".git"];
const STEP_TIMEOUT_MS = 5 * 60_000;

/** Node for a CLI that the running one is too old for: an npm package with nothing but the program. */
const NODE_PACKAGE = `node-${process.platform}-${process.arch}`;
const NODE_VERSION = "22.23.5";

/**
 * The queue (commit timestamps, stale snapshots, limits), the example app (components, routes, environment), the local platform (clients
 * over HTTP and WebSocket, crons, nested components), the counters of the bench, and code generation by the CLI.
 */
const TESTS = ["src/core/queue", "example", "sim/platform", "bench", "scripts/codegen"];

await runMain("check:versions", async (signal, log) => {
  const run = async (what: string, cwd: string, command: string, ...args: string[]): Promise<string> => {
    const startedAt = performance.now();
    const { code, output } = await runProcess(command, args, { cwd, timeoutMs: STEP_TIMEOUT_MS, signal });
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    if (code !== 0) throw new Error(`${what} failed after ${seconds} s:\n${output.trim()}`);
    log(`${what} (${seconds} s)`);
    return output;
  };
  const npm = (what: string, cwd: string, ...args: string[]) =>
    run(what, cwd, "npm", ...args, "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline");
  const view = (version: string, field: string) =>
    run(`npm view convex@${version} ${field}`, ROOT, "npm", "view", `convex@${version}`, field, "--json");

  /** The Node to run a version with: this one, or a newer one that is installed into `folder`. */
  const nodeFor = async (version: string, folder: string): Promise<string> => {
    const needed = neededNode(await view(version, "engines.node"));
    if (needed <= Number(process.versions.node.split(".")[0])) return process.execPath;
    if (needed > Number(NODE_VERSION.split(".")[0]))
      throw new Error(
        `convex ${version} needs Node ${needed}: run this with it, or raise NODE_VERSION in ${import.meta.url}`,
      );
    await npm(
      `install Node ${NODE_VERSION}`,
      folder,
      "install",
      "--prefix",
      folder,
      `${NODE_PACKAGE}@${NODE_VERSION}`,
    );
    return path.join(folder, "node_modules", NODE_PACKAGE, "bin", "node");
  };

  const check = async (version: string): Promise<void> => {
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), "agent-factory-versions-")));
    try {
      const copy = path.join(folder, "copy");
      const filter = (source: string) => !NOT_COPIED.includes(path.relative(ROOT, source));
      await cp(ROOT, copy, { recursive: true, filter });
      const node = await nodeFor(version, folder);
      const on = (what: string) => `convex ${version}: ${what}`;
      await npm(on("install"), copy, "install", "--save-dev", "--save-exact", `convex@${version}`);
      await run(on("type check"), copy, node, "node_modules/typescript/bin/tsc", "--noEmit");
      await run(on("check:deploy"), copy, node, "--import", "tsx", "scripts/checkDeploy/main.ts");
      await run(
        on(`tests of ${TESTS.join(", ")}`),
        copy,
        node,
        "node_modules/vitest/vitest.mjs",
        "run",
        ...TESTS,
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };

  const { range, lowest } = peerRange(await readFile(path.join(ROOT, "package.json"), "utf8"));
  const newest = newestOf(await view(range, "version"));
  const failures: string[] = [];
  for (const version of new Set([lowest, newest])) {
    try {
      await check(version);
    } catch (error) {
      signal.throwIfAborted();
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  if (failures.length > 0) throw new Error(failures.join("\n"));
  log(`convex ${lowest} and ${newest} work`);
});
