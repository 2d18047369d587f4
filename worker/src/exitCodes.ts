/** The process's exit codes: what a supervisor does with them is restart on 1, and leave 0 and 2 to people. */

export const exitCodes = {
  /** Stopped as asked, or idle for long enough: everything is saved. */
  clean: 0,
  /** Something outside may mend itself: start the same worker again. */
  retryable: 1,
  /** A person must change something first; the same start would fail the same way. */
  fatal: 2,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The codes for the help. A second signal ends the worker at once with 128 plus its number, as a shell reports it. */
export const exitCodeHelp: readonly (readonly [number, string])[] = [
  [exitCodes.clean, "stopped as asked, or idle for WORKER_IDLE_TIMEOUT_MS: everything is saved"],
  [exitCodes.retryable, "something outside failed and may mend itself: start the same worker again"],
  [exitCodes.fatal, "a person must change something first: environment, credential, address, engine"],
  [130, "ended at once by a second SIGINT, without saving"],
  [143, "ended at once by a second SIGTERM, without saving"],
];
