/**
 * Measures the worker's start and memory, several times, and prints one line of JSON with the best start and the largest
 * memory.
 *
 *   npm run measure:worker [-- <runs>]      default 3
 *
 * Exits with 1 when the best start takes longer than 2 s or the memory is above 150 MB.
 */
import { runMain } from "../runMain.js";
import { measureWorker } from "./measure.js";

const LONGEST_START_MS = 2_000;
const MOST_RESIDENT_MB = 150;
const IDLE_MS = 3_000;

await runMain("measure:worker", async (signal, log) => {
  const runs = Number(process.argv[2] ?? 3);
  if (!Number.isInteger(runs) || runs < 1 || runs > 100) throw new Error("usage: measure:worker [runs]");
  const measured = [];
  for (let run = 0; run < runs; run += 1) {
    const one = await measureWorker(IDLE_MS, signal);
    log(
      `run ${run + 1}: first claim after ${one.firstClaimMs} ms (${one.cpuMs} ms of processor time), ${one.residentMb} MB resident`,
    );
    measured.push(one);
  }
  const firstClaimMs = Math.min(...measured.map((one) => one.firstClaimMs));
  const cpuMs = Math.min(...measured.map((one) => one.cpuMs));
  const residentMb = Math.max(...measured.map((one) => one.residentMb));
  const ok = firstClaimMs <= LONGEST_START_MS && residentMb <= MOST_RESIDENT_MB;
  console.log(JSON.stringify({ ok, runs, firstClaimMs, cpuMs, residentMb, node: process.version }));
  if (!ok) throw new Error(`more than ${LONGEST_START_MS} ms or ${MOST_RESIDENT_MB} MB`);
});
