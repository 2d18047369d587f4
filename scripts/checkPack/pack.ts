/** One of the two packages, packed as it would be published, and the empty project that it is tried in. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { z } from "zod";
import { convexVersion } from "../deployment/convexCli.js";
import { packedFileProblems, vPackageJson } from "./packedFiles.js";

/** Runs a command to its end; rejects with its output unless it ends with 0. Returns what it printed. */
export type Step = (what: string, cwd: string, command: string, ...args: string[]) => Promise<string>;

export interface Packed {
  packageJson: z.infer<typeof vPackageJson>;
  tarball: string;
}

/** `npm pack --json`. */
const vPacked = z
  .array(z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) }))
  .min(1);

/** Builds and packs the package at `root` into `folder`. Rejects when a file is missing or too many. */
export async function pack(step: Step, root: string, folder: string): Promise<Packed> {
  const packageJson = vPackageJson.parse(
    JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as unknown,
  );
  const { name } = packageJson;
  await step(`build ${name}`, root, "npm", "run", "build");
  const printed = await step(
    `pack ${name}`,
    root,
    "npm",
    "pack",
    "--ignore-scripts",
    "--json",
    "--pack-destination",
    folder,
  );
  // npm may print warnings before the JSON.
  const [packed] = vPacked.parse(JSON.parse(printed.slice(printed.indexOf("[\n"))) as unknown);
  const problems = packedFileProblems(
    packageJson,
    packed!.files.map((file) => file.path),
  );
  if (problems.length > 0) throw new Error(`${name} is not complete:\n${problems.join("\n")}`);
  return { packageJson, tarball: path.join(folder, packed!.filename) };
}

/** The versions of this repository, for what a project installs besides. */
export const installedVersions = () => ({
  convex: convexVersion(),
  typescript: versionOf("typescript"),
  nodeTypes: versionOf("@types/node"),
});

function versionOf(name: string): string {
  const read: unknown = createRequire(import.meta.url)(`${name}/package.json`);
  return z.object({ version: z.string() }).parse(read).version;
}

/** Writes a project and installs what its `package.json` names. Returns the installed packages, by path. */
export async function installProject(
  step: Step,
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<string[]> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  const quiet = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
  await step(`install into ${path.basename(folder)}`, folder, "npm", "install", ...quiet);
  const text = await readFile(path.join(folder, "node_modules/.package-lock.json"), "utf8");
  const { packages } = z
    .object({ packages: z.record(z.string(), z.unknown()) })
    .parse(JSON.parse(text) as unknown);
  return Object.keys(packages);
}

/** Loads an entry point in plain Node. */
export const importInNode = (step: Step, folder: string, specifier: string): Promise<string> =>
  step(`import ${specifier} in Node`, folder, process.execPath, "-e", `import(${JSON.stringify(specifier)})`);

export const typeCheck = (step: Step, folder: string): Promise<string> =>
  step(
    `type-check ${path.basename(folder)}`,
    folder,
    process.execPath,
    "node_modules/typescript/bin/tsc",
    "--noEmit",
  );
