/** How fast a worker asks for its first message, and how much memory it holds, without an engine of weight. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDERS = ["worker/src", "src/contract", "src/policy", "src/core/providers"];

export interface Measured {
  /** From the start of the process to the arrival of its first claim, in ms. */
  firstClaimMs: number;
  /** Processor time used until then, in ms: the start on a machine that has nothing else to do takes about this long. */
  cpuMs: number;
  /** Resident memory after it has idled for a while, in MB (10^6 bytes). */
  residentMb: number;
}

/**
 * Builds the worker as the package ships it, without type checks, and runs it against a component that has nothing to do.
 * `idleMs`: how long it idles before its memory is read.
 */
export async function measureWorker(idleMs: number, signal: AbortSignal): Promise<Measured> {
  const directory = await mkdtemp(path.join(tmpdir(), "measure-worker-"));
  let claimed: () => void = () => undefined;
  const claims = new Promise<void>((resolve) => (claimed = resolve));
  const component = createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(200, { "content-type": "application/json" }).end('{"ok":true,"value":null}');
      if (request.url?.endsWith("/claim") === true) claimed();
    });
  });
  component.listen(0, "127.0.0.1");
  await once(component, "listening");
  try {
    await build(directory);
    const { port } = component.address() as AddressInfo;
    const startedAt = performance.now();
    const worker = spawn(process.execPath, [path.join(directory, "dist/worker/src/bin.js")], {
      env: {
        PATH: process.env.PATH,
        BASE_INTERNAL_URL: `http://127.0.0.1:${port}/agent-factory`,
        AGENT_TOKEN: "measured",
        ENGINE: "echo",
        HEALTH_PORT: "0",
        STATE_DIR: path.join(directory, "state"),
      },
      stdio: ["ignore", "ignore", "inherit"],
      signal,
    });
    worker.on("error", () => undefined);
    const gone = once(worker, "exit");
    try {
      await Promise.race([
        claims,
        gone.then(() => Promise.reject(new Error("the worker ended before its first claim"))),
      ]);
      const firstClaimMs = Math.round(performance.now() - startedAt);
      const cpuMs = await processorMs(worker.pid ?? 0);
      await new Promise((resolve) => setTimeout(resolve, idleMs));
      return { firstClaimMs, cpuMs, residentMb: await residentMb(worker.pid ?? 0) };
    } finally {
      worker.kill("SIGKILL");
      await gone.catch(() => undefined);
    }
  } finally {
    component.closeAllConnections();
    component.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** User and system time of /proc, which counts in hundredths of a second. */
async function processorMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The name before ")" may hold spaces; after it, the 12th and 13th fields.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** `VmRSS` of /proc, so this runs on Linux. */
async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  return Math.round((kib * 1024) / 1e5) / 10;
}

async function build(directory: string): Promise<void> {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  for (const folder of FOLDERS) {
    const source = path.join(ROOT, folder);
    for (const file of await readdir(source, { recursive: true })) {
      if (!file.endsWith(".ts") || file.endsWith(".test.ts")) continue;
      const target = path.join(directory, "dist", folder, file.replace(/\.ts$/, ".js"));
      await mkdir(path.dirname(target), { recursive: true });
      const text = await readFile(path.join(source, file), "utf8");
      await writeFile(target, ts.transpileModule(text, { compilerOptions }).outputText);
    }
  }
  await writeFile(
    path.join(directory, "package.json"),
    await readFile(path.join(ROOT, "worker/package.json")),
  );
  await symlink(path.join(ROOT, "node_modules"), path.join(directory, "node_modules"));
}
