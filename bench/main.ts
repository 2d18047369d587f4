/** `npm run bench`: what each operation of the queue reads and writes at different sizes, and the platform's throughput. */
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { measure, type Cost } from "./measure.js";
import { componentModules } from "./modules.js";
import { claimBehindBacklog, operations } from "./operations.js";
import { measureThroughput } from "./throughput.js";
import { createBenchWorld, setAlarms, type Size } from "./world.js";

const SIZES: Size[] = [
  { depth: 0, workers: 1, history: 0 },
  { depth: 100, workers: 1, history: 0 },
  { depth: 5_000, workers: 1, history: 0 },
  { depth: 0, workers: 100, history: 0 },
  { depth: 0, workers: 1_000, history: 0 },
  { depth: 0, workers: 1, history: 1_000 },
  { depth: 0, workers: 1, history: 5_000 },
  { depth: 5_000, workers: 1_000, history: 5_000 },
];

interface Measurement extends Size, Cost {
  operation: string;
}

/** The claims that a world was made with count as company for so long; after it the line is strict. */
const COMPANY_MS = 2_100;

const progress = (line: string) => process.stderr.write(`${line}\n`);

async function measureAll(): Promise<Measurement[]> {
  const modules = componentModules();
  const measurements: Measurement[] = [];
  for (const size of SIZES) {
    const startedAt = performance.now();
    const world = await createBenchWorld(modules, size);
    await sleep(COMPANY_MS);
    for (const { name, alarms, call } of operations(world)) {
      await setAlarms(world, alarms ?? { reap: true, pass: false });
      measurements.push({ operation: name, ...size, ...(await measure(world, name, call)) });
    }
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    progress(`depth ${size.depth}, ${size.workers} workers, history ${size.history}: ${seconds} s`);
  }
  return measurements;
}

/** A ready conversation behind 5 000 messages of a held one: found by the next claim, or this throws. */
async function measureBehindBacklog(): Promise<Measurement> {
  const size: Size = { depth: 5_000, workers: 1, history: 0, blocked: true };
  const world = await createBenchWorld(componentModules(), size);
  await setAlarms(world, { reap: true, pass: false });
  const { name, call } = claimBehindBacklog;
  return { operation: name, ...size, ...(await measure(world, name, call)) };
}

const columns = [
  ["read", "documentsRead"],
  ["(stale)", "staleDocumentsRead"],
  ["written", "documentsWritten"],
  ["bytes read", "bytesRead"],
  ["bytes written", "bytesWritten"],
  ["ranges", "indexRanges"],
  ["scheduled", "functionsScheduled"],
] as const;

/** One line per operation; a count that differs between the sizes is shown as lowest–highest. */
function table(measurements: readonly Measurement[]): string {
  const names = [...new Set(measurements.map(({ operation }) => operation))];
  const rows = names.map((name) => {
    const own = measurements.filter(({ operation }) => operation === name);
    return [name, ...columns.map(([, field]) => span(own.map((measurement) => measurement[field])))];
  });
  const all = [["operation", ...columns.map(([title]) => title)], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  "),
    )
    .join("\n");
}

function span(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? `${low}` : `${low}–${high}`;
}

const measurements = [...(await measureAll()), await measureBehindBacklog()];
progress("throughput: 300 messages over HTTP");
const throughput = await measureThroughput(300, 4, 30);
const perSecond = throughput.messagesPerSecond.toFixed(1);
process.stdout.write(`${table(measurements)}\n`);
process.stdout.write(
  `${perSecond} messages per second through the local platform (${throughput.workers} workers)\n`,
);
process.stdout.write(`${JSON.stringify({ operations: measurements, throughput })}\n`);
// Functions scheduled by measured calls would keep the process until their time comes.
process.exit(0);
