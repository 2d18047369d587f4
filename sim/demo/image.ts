import { build } from "esbuild";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ImageCommand } from "../fly/index.js";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const BIN = fileURLToPath(new URL("../../worker/src/bin.ts", import.meta.url));

/** What the demo's machines run, and how to throw it away. */
export interface BuiltImage {
  command: ImageCommand;
  remove(): Promise<void>;
}

/**
 * Makes the "image": this repository's worker in one file, so that a machine does not compile it at every boot. It lies
 * in the repository, where the worker's packages are found.
 */
export async function buildImage(): Promise<BuiltImage> {
  const parent = join(REPOSITORY, "tmp");
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, "demo-"));
  const file = join(folder, "worker.mjs");
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await build({
      entryPoints: [BIN],
      outfile: file,
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      target: "node20",
      logLevel: "silent",
    });
  } catch (error) {
    await remove();
    throw error;
  }
  return { command: { file: process.execPath, args: [file], cwd: REPOSITORY }, remove };
}
