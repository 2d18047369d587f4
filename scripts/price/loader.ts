/**
 * Runs in a child process with `--experimental-vm-modules`: loads modules the way a deployment does for an uncached
 * call, each time in a fresh context that has never seen them, and says which modules that loads and how long it takes.
 * Entries take turns, so that a slow moment of the machine meets all of them alike.
 *
 *   node --experimental-vm-modules --import tsx loader.ts JOB_FILE RESULT_FILE
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import vm from "node:vm";
import type { Loaded, LoadingJob } from "./loading.js";

const [jobFile, resultFile] = process.argv.slice(2);
if (jobFile === undefined || resultFile === undefined) throw new Error("usage: loader JOB_FILE RESULT_FILE");
const job = JSON.parse(readFileSync(jobFile, "utf8")) as LoadingJob;

/** Web interfaces that a deployment offers beside the language; all of them exist before a module is loaded. */
const WEB = [
  ...[
    "console",
    "crypto",
    "performance",
    "fetch",
    "Headers",
    "Request",
    "Response",
    "FormData",
    "Blob",
    "File",
  ],
  ...["URL", "URLSearchParams", "TextEncoder", "TextDecoder", "AbortController", "AbortSignal", "Event"],
  ...["EventTarget", "ReadableStream", "WritableStream", "TransformStream", "CryptoKey", "DOMException"],
  ...["atob", "btoa", "structuredClone", "setTimeout", "clearTimeout", "setInterval", "clearInterval"],
];

/** Time of the processor, not of the clock: what other processes do meanwhile counts for nothing. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function freshContext(): vm.Context {
  const globals = Object.fromEntries(
    WEB.map((name) => [name, (globalThis as Record<string, unknown>)[name]]),
  );
  const context = vm.createContext({ ...globals, process: { env: {} } });
  vm.runInContext("globalThis.global = globalThis; globalThis.self = globalThis", context);
  return context;
}

async function load(modules: Readonly<Record<string, string>>, entry: string) {
  const context = freshContext();
  const loaded = new Map<string, vm.SourceTextModule>();
  const compile = (file: string): vm.SourceTextModule => {
    const found = loaded.get(file);
    if (found !== undefined) return found;
    const source = modules[file];
    if (source === undefined) throw new Error(`${entry} imports ${file}, which was not pushed`);
    const module = new vm.SourceTextModule(source, { context, identifier: file });
    loaded.set(file, module);
    return module;
  };
  const startedAt = processorMs();
  const module = compile(entry);
  await module.link((specifier, { identifier }) =>
    compile(path.posix.join(path.posix.dirname(identifier), specifier)),
  );
  const linkedAt = processorMs();
  await module.evaluate();
  const closure = [...loaded.keys()];
  return { closure, loadMs: linkedAt - startedAt, evalMs: processorMs() - linkedAt };
}

const results: Loaded[] = job.entries.map(() => ({ closure: [], loadMs: [], evalMs: [] }));
const most = Math.max(...job.entries.map(({ rounds }) => rounds));
for (let round = 0; round < most; round += 1) {
  for (const [index, entry] of job.entries.entries()) {
    if (round >= entry.rounds) continue;
    const { closure, loadMs, evalMs } = await load(job.units[entry.unit] ?? {}, entry.path);
    const result = results[index]!;
    result.closure = closure;
    result.loadMs.push(loadMs);
    result.evalMs.push(evalMs);
  }
}
writeFileSync(resultFile, JSON.stringify(results));
