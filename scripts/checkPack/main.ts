/**
 * Does the packed package work for somebody else? Builds and packs it, installs the tarball into an empty Convex app
 * in a temporary folder, generates that app's code, type-checks it, and loads the entry points for Node in plain Node.
 *
 *   npm run check:pack
 */
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { generate } from "../codegen/generate.js";
import { convexVersion } from "../deployment/convexCli.js";
import { runProcess } from "../deployment/runProcess.js";
import { runMain } from "../runMain.js";
import { consumerApp } from "./consumerApp.js";
import { packedFileProblems, vPackageJson } from "./packedFiles.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Installing from a cold cache is the slowest step. */
const STEP_TIMEOUT_MS = 5 * 60_000;
/** `npm pack --json`. */
const vPacked = z
  .array(z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) }))
  .min(1);

await runMain("check:pack", async (signal, log) => {
  const step = async (what: string, cwd: string, command: string, ...args: string[]): Promise<string> => {
    const startedAt = performance.now();
    const { code, output } = await runProcess(command, args, { cwd, timeoutMs: STEP_TIMEOUT_MS, signal });
    if (code !== 0) throw new Error(`${what} failed:\n${output.trim()}`);
    log(`${what} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
    return output;
  };
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), "agent-factory-pack-")));
  try {
    await step("build", ROOT, "npm", "run", "build");
    const printed = await step(
      "pack",
      ROOT,
      "npm",
      "pack",
      "--ignore-scripts",
      "--json",
      "--pack-destination",
      folder,
    );
    // npm may print warnings before the JSON.
    const [packed] = vPacked.parse(JSON.parse(printed.slice(printed.indexOf("[\n"))));
    const packageJson = vPackageJson.parse(
      JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8")),
    );
    const problems = packedFileProblems(
      packageJson,
      packed!.files.map((file) => file.path),
    );
    if (problems.length > 0) throw new Error(`the package is not complete:\n${problems.join("\n")}`);
    log(`${packed!.files.length} files packed`);

    const app = path.join(folder, "app");
    const versions = { convex: convexVersion(), typescript: typescriptVersion() };
    for (const [name, text] of Object.entries(consumerApp(path.join(folder, packed!.filename), versions))) {
      await mkdir(path.dirname(path.join(app, name)), { recursive: true });
      await writeFile(path.join(app, name), text);
    }
    const quiet = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
    await step("install into an empty app", app, "npm", "install", ...quiet);
    await generate({ project: app, components: [], signal, log });
    await step("type-check the app", app, process.execPath, "node_modules/typescript/bin/tsc", "--noEmit");
    // Not `convex.config.js`: the workflow engine's is written for the bundler, which has loaded it to generate the code.
    for (const entry of ["", "/http", "/react", "/worker"]) {
      const specifier = packageJson.name + entry;
      await step(
        `import ${specifier} in Node`,
        app,
        process.execPath,
        "-e",
        `import(${JSON.stringify(specifier)})`,
      );
    }
    for (const name of Object.keys(packageJson.bin)) {
      const help = await step(`${name} --help`, app, path.join("node_modules", ".bin", name), "--help");
      if (!help.includes(name)) throw new Error(`${name} --help prints no usage:\n${help}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

function typescriptVersion(): string {
  const { version } = createRequire(import.meta.url)("typescript") as { version: unknown };
  return z.string().parse(version);
}
