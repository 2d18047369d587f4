import { AsyncLocalStorage } from "node:async_hooks";
import type { ReadSet } from "./reads.js";

const recording = new AsyncLocalStorage<ReadSet>();

/** Runs a query, and every query that it calls, so that what they read is noted in `reads`. */
export const recordingInto = <T>(reads: ReadSet, body: () => Promise<T>): Promise<T> =>
  recording.run(reads, body);

/** Where the query that runs right now notes what it reads; undefined in all other functions. */
export const currentReads = (): ReadSet | undefined => recording.getStore();
