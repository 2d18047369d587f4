/** Loads pushed modules in fresh contexts of a process of its own: which modules each entry loads, and how long it takes. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runProcess } from "../deployment/runProcess.js";
import { type Loaded, type LoadingJob, vLoadingResult } from "./loading.js";

/** Some hundred loads of up to 100 ms each, several times that on a busy machine; three minutes mean that one hangs. */
const LOADING_TIMEOUT_MS = 180_000;

/** One result per entry, in the order of the job. Throws when a module does not load. */
export async function loadModules(job: LoadingJob, signal?: AbortSignal): Promise<Loaded[]> {
  const directory = await mkdtemp(path.join(tmpdir(), "agent-factory-price-"));
  try {
    const jobFile = path.join(directory, "job.json");
    const resultFile = path.join(directory, "result.json");
    await writeFile(jobFile, JSON.stringify(job));
    const loader = fileURLToPath(new URL("./loader.ts", import.meta.url));
    const flags = ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning", "--import", "tsx"];
    const { code, output } = await runProcess(process.execPath, [...flags, loader, jobFile, resultFile], {
      cwd: path.dirname(loader),
      timeoutMs: LOADING_TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    });
    if (code !== 0) throw new Error(`loading the pushed modules failed:\n${output}`);
    return vLoadingResult.parse(JSON.parse(await readFile(resultFile, "utf8")));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
