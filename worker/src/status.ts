/** What the worker knows about its own connection, for the health check and the metrics. */
import type { Clock } from "./clock.js";
import type { Metrics } from "./metrics.js";

export interface ConnectionStatus {
  /** A call to the component succeeded. */
  succeeded(): void;
  /** A call to the component failed. */
  failed(reason: string): void;
  /** Why the worker is not connected, or null while it is. */
  problem(): string | null;
}

/** Connected = the last success is younger than `freshMs` and fewer than three calls failed since. */
export function createConnectionStatus(clock: Clock, metrics: Metrics, freshMs: number): ConnectionStatus {
  let lastSuccessAt: number | null = null;
  let failures = 0;
  let lastFailure = "";
  const problem = (): string | null => {
    const because = lastFailure === "" ? "" : ` (last error: ${lastFailure})`;
    if (lastSuccessAt === null) return `not connected yet${because}`;
    if (failures >= 3) return `${failures} calls failed in a row${because}`;
    const silentMs = clock.now() - lastSuccessAt;
    return silentMs > freshMs ? `no successful call for ${Math.round(silentMs / 1000)} s${because}` : null;
  };
  const publish = (): void => metrics.connected.set(problem() === null ? 1 : 0);
  return {
    problem: () => {
      publish();
      return problem();
    },
    succeeded: () => {
      lastSuccessAt = clock.now();
      failures = 0;
      lastFailure = "";
      metrics.lastSuccess.set(Math.round(lastSuccessAt / 1000));
      publish();
    },
    failed: (reason) => {
      failures += 1;
      lastFailure = reason;
      publish();
    },
  };
}
