/**
 * What one transaction may do, nested calls included. Numbers: crates/common/src/knobs.rs, crates/value and
 * docs.convex.dev/production/state/limits, as of convex-backend 2026-08.
 */
export interface TransactionLimits {
  bytesRead: number;
  /** Documents looked at, those that a filter drops included. */
  documentsRead: number;
  /** Distinct index intervals. */
  databaseQueries: number;
  bytesWritten: number;
  documentsWritten: number;
  functionsScheduled: number;
  scheduledFunctionArgsBytes: number;
  filesRead: number;
  fileReadBytes: number;
  filesWritten: number;
  fileWriteBytes: number;
}

const MEBIBYTE = 1_048_576;

export const transactionLimits: Readonly<TransactionLimits> = {
  bytesRead: 16 * MEBIBYTE,
  documentsRead: 32_000,
  databaseQueries: 4_096,
  bytesWritten: 16 * MEBIBYTE,
  documentsWritten: 16_000,
  functionsScheduled: 1_000,
  scheduledFunctionArgsBytes: 16 * MEBIBYTE,
  // Newer than the source that is known; only counted.
  filesRead: Infinity,
  fileReadBytes: Infinity,
  filesWritten: Infinity,
  fileWriteBytes: Infinity,
};

export const valueLimits = {
  documentBytes: MEBIBYTE,
  documentDepth: 16,
  valueDepth: 64,
  arrayLength: 8_192,
  objectFields: 1_024,
  fieldNameLength: 1_024,
  argumentBytes: 16 * MEBIBYTE,
  returnBytes: 16 * MEBIBYTE,
} as const;

/** `MAX_REACTOR_CALL_DEPTH`: functions inside one another, the first included. */
export const MAX_CALL_DEPTH = 8;
/** Convex accepts schedules up to five years from now (crates/udf/src/validation.rs). */
export const MAX_SCHEDULE_MS = 5 * 365 * 86_400_000;

/**
 * The run time of a function as a count, so that the limit of one second is met by the same call on every machine. Convex
 * measures the time that the function's own JavaScript takes; what that is spent on is mostly values that come and go.
 * The prices are ours: a document of a few hundred bytes costs what decoding it takes in V8 with room to spare, a nested
 * call half of the 10 ms that were measured for one on a real backend, because it evaluates its modules again.
 */
export const runTimePricesUs = { call: 10, document: 20, kibibyte: 10, nestedCall: 5_000 } as const;
export const MAX_RUN_TIME_MS = 1_000;

type Metric = keyof TransactionLimits;

const EXCEEDED: Record<Metric, string> = {
  bytesRead: "Too many bytes read in a single function execution",
  documentsRead: "Too many documents read in a single function execution",
  databaseQueries: "Too many reads in a single function execution",
  bytesWritten: "Too many bytes written in a single function execution",
  documentsWritten: "Too many documents written in a single function execution",
  functionsScheduled: "Too many functions scheduled by this mutation",
  scheduledFunctionArgsBytes:
    "Too large total size of the arguments of scheduled functions from this mutation",
  filesRead: "Too many files read in a single function execution",
  fileReadBytes: "Too many bytes of files read in a single function execution",
  filesWritten: "Too many files written in a single function execution",
  fileWriteBytes: "Too many bytes of files written in a single function execution",
};

/** What one transaction has used so far, and how much it may. Shared by a caller and the functions that it calls. */
export class Usage {
  readonly used: TransactionLimits = {
    bytesRead: 0,
    documentsRead: 0,
    databaseQueries: 0,
    bytesWritten: 0,
    documentsWritten: 0,
    functionsScheduled: 0,
    scheduledFunctionArgsBytes: 0,
    filesRead: 0,
    fileReadBytes: 0,
    filesWritten: 0,
    fileWriteBytes: 0,
  };
  private limits: TransactionLimits;
  private runTimeUs = 0;
  private isTimedOut = false;

  constructor(
    limits: TransactionLimits,
    private readonly maxRunTimeMs: number,
  ) {
    this.limits = limits;
  }

  /** @throws Error when that is more than allowed. */
  add(metric: Metric, amount: number): void {
    this.used[metric] += amount;
    if (this.used[metric] > this.limits[metric])
      throw new Error(`${EXCEEDED[metric]} (limit: ${this.limits[metric]})`);
  }

  /** @throws Error when the run time is used up; from then on always, because Convex ends the function there. */
  spend(microseconds: number): void {
    this.runTimeUs += microseconds;
    if (this.runTimeUs > this.maxRunTimeMs * 1_000) this.isTimedOut = true;
    if (this.isTimedOut)
      throw new Error(`Function execution timed out (maximum duration: ${this.maxRunTimeMs / 1_000}s)`);
  }

  get runTimeMs(): number {
    return this.runTimeUs / 1_000;
  }

  /** A function that catches the error of {@link spend} is ended all the same. */
  assertNotTimedOut(): void {
    if (this.isTimedOut) this.spend(0);
  }

  /** Lowers the limits for a nested call, counted from what is used now. @returns how to lift that again. */
  cap(own: Partial<TransactionLimits>): () => void {
    const before = this.limits;
    this.limits = { ...before };
    for (const [metric, amount] of Object.entries(own) as [Metric, number][])
      if (metric in before) this.limits[metric] = Math.min(before[metric], this.used[metric] + amount);
    return () => {
      this.limits = before;
    };
  }

  metrics(): Record<Metric, { used: number; remaining: number }> {
    return Object.fromEntries(
      (Object.keys(this.used) as Metric[]).map((metric) => {
        const remaining = Math.max(0, this.limits[metric] - this.used[metric]);
        return [metric, { used: this.used[metric], remaining: Math.min(remaining, Number.MAX_SAFE_INTEGER) }];
      }),
    ) as Record<Metric, { used: number; remaining: number }>;
  }
}
