/** The official Python client (PyPI: convex), where it is installed: `pip install convex`. */
import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { startPlatform } from "../index.js";

const isInstalled = spawnSync("python3", ["-c", "import convex"], { stdio: "ignore" }).status === 0;
const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

it.skipIf(!isInstalled)(
  "the Python client calls, subscribes, hears of errors with data, and is an admin",
  async () => {
    const appDirectory = path("../fixture/app");
    const platform = await startPlatform({ appDirectory, env: { APP_GREETING: "hi" }, crons: false });
    try {
      const args = [path("pythonClient.py"), platform.cloudUrl, platform.adminKey];
      const { stdout } = await promisify(execFile)("python3", args, { timeout: 60_000 });
      const steps = stdout.trim().split("\n");
      expect(steps.map((line) => JSON.parse(line) as unknown)).toEqual([
        ["query", ["from Python"]],
        ["values", { a: [1, 2.5, null, true, "ü"] }],
        ["refused mutation", ["code", "size"]],
        ["refused query", ["why"]],
        ["failed action", true],
        ["live", [1, 2]],
        ["admin", null],
      ]);
    } finally {
      await platform.close();
    }
  },
  90_000,
);
