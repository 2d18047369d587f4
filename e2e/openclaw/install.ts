/** The real gateway and the Node.js it needs, both from the package registry, in a directory of their own. */
import { spawn } from "node:child_process";
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";

/** Pinned: what the engine was written and measured against. It asks for Node.js `>=24.16.0 <25 || >=26.1.0`. */
export const openclawVersion = "2026.9.6";
const nodeVersion = "24.21.0";

export interface Installation {
  /** Program and arguments of the gateway. */
  gatewayCommand: [string, string, string];
}

/**
 * The package with the program for this machine. It is what the package `node` fetches in its install script; named
 * directly, no install script has to run.
 */
function nodePackage(): string {
  const { platform, arch } = process;
  return `${platform === "darwin" && arch === "arm64" ? "node-bin" : "node"}-${platform}-${arch}`;
}

/**
 * Installs into `directory`, unless the pinned versions are there already.
 * @throws Error with the end of npm's output, or when the gateway asks for another Node.js than the pinned one.
 */
export async function install(
  directory: string,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<Installation> {
  const node = path.join(directory, "node_modules", nodePackage(), "bin", "node");
  const script = path.join(directory, "node_modules", "openclaw", "openclaw.mjs");
  const wanted = { openclaw: openclawVersion, [nodePackage()]: nodeVersion };
  if (await isInstalled(directory, wanted, [node, script])) {
    log(`openclaw ${openclawVersion} and node ${nodeVersion} are in ${directory}`);
  } else {
    log(`installing openclaw ${openclawVersion} and node ${nodeVersion} into ${directory} (650 MB)`);
    await mkdir(directory, { recursive: true });
    const manifest = { name: "openclaw-installation", private: true, dependencies: wanted };
    await writeFile(path.join(directory, "package.json"), JSON.stringify(manifest));
    // `error`: npm itself runs on another Node.js than the packages ask for, and warns about each of them.
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    await run("npm", ["install", ...flags], directory, signal);
  }
  const version = await run(node, ["--version"], directory, signal);
  if (version.trim() !== `v${nodeVersion}`)
    throw new Error(`${node} is ${version.trim()}, not ${nodeVersion}`);
  return { gatewayCommand: [node, script, "gateway"] };
}

async function isInstalled(
  directory: string,
  wanted: Record<string, string>,
  files: string[],
): Promise<boolean> {
  try {
    for (const file of files) await access(file);
    for (const [name, version] of Object.entries(wanted)) {
      const manifest = await readFile(path.join(directory, "node_modules", name, "package.json"), "utf8");
      const { version: found } = z.object({ version: z.string() }).parse(JSON.parse(manifest));
      if (found !== version) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** Runs a program to its end; resolves with what it printed. */
function run(program: string, args: string[], cwd: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, signal, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (chunk: Buffer): void => void (output = (output + chunk.toString()).slice(-4_000));
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${path.basename(program)} ended with exit code ${code ?? "none"}:\n${output}`));
    });
  });
}
