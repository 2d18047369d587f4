/**
 * The worker's series, in OpenMetrics. One registry per worker, so that two in one process do not mix. Counters are there at zero from the start: one that appeared with its first event would not count as
 * increased by it, and no alert would fire. `docs/worker/metrics.md` describes each; a test compares.
 */
import { Counter, Gauge, Histogram, type OpenMetricsContentType, Registry } from "prom-client";
import { workerCalls } from "../../src/contract/gateway.js";
import { pressures } from "../../src/policy/calls/pressure.js";

export const METRIC_PREFIX = "agent_factory_worker_";

/** Creates the series; each is moved by the part of the worker named in its help text. */
export function createMetrics() {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const registers = [registry];
  const counter = <Label extends string>(
    name: string,
    help: string,
    known: Partial<Record<Label, readonly string[]>> = {},
  ): Counter<Label> => {
    const labelNames = Object.keys(known) as Label[];
    const created = new Counter({ name: METRIC_PREFIX + name, help, labelNames, registers });
    for (const labels of combinations(known)) created.inc(labels, 0);
    return created;
  };
  const gauge = <Label extends string>(
    name: string,
    help: string,
    known: Partial<Record<Label, readonly string[]>> = {},
  ): Gauge<Label> => {
    const labelNames = Object.keys(known) as Label[];
    const created = new Gauge({ name: METRIC_PREFIX + name, help, labelNames, registers });
    for (const labels of combinations(known)) if (labelNames.length > 0) created.set(labels, 0);
    return created;
  };
  const histogram = <Label extends string>(
    name: string,
    help: string,
    known: Partial<Record<Label, readonly string[]>>,
    buckets: number[],
  ): Histogram<Label> => {
    const labelNames = Object.keys(known) as Label[];
    const created = new Histogram({ name: METRIC_PREFIX + name, help, labelNames, buckets, registers });
    for (const labels of combinations(known)) if (labelNames.length > 0) created.zero(labels);
    return created;
  };
  const operation = workerCalls.flatMap((call) => call.operation ?? []);
  const longSeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
  return {
    registry,
    claims: counter("claims_total", "Claims by result: job, empty, error; chained = handed out by a settle", {
      result: ["job", "empty", "error", "chained"],
    }),
    messages: counter(
      "messages_total",
      "Messages by outcome: done, queued (again), dead_letter, lease_lost, handed_back, abandoned",
      { outcome: ["done", "queued", "dead_letter", "lease_lost", "handed_back", "abandoned"] },
    ),
    messageSeconds: histogram(
      "message_seconds",
      "Time from the claim of a message to the write that ends it, by outcome: complete, fail",
      { outcome: ["complete", "fail"] },
      longSeconds,
    ),
    answerChars: histogram(
      "answer_chars",
      "Length of recorded answers",
      {},
      [100, 500, 1_000, 4_000, 16_000, 64_000],
    ),
    resumed: counter("replies_resumed_total", "Messages resumed at sending, without running the engine"),
    engineSeconds: histogram(
      "engine_seconds",
      "Time of one engine run by result: ok or the kind of the error",
      { result: ["ok", "timeout", "crashed", "empty", "refused", "unavailable", "aborted"] },
      longSeconds,
    ),
    engineReady: gauge("engine_ready", "1 while the engine can take a message"),
    deliveries: counter(
      "delivery_parts_total",
      "Parts sent by result: sent, ambiguous, refused, transient, withheld",
      { result: ["sent", "ambiguous", "refused", "transient", "withheld"] },
    ),
    serviceDown: gauge(
      "service_down",
      "1 while the worker holds claims back because this service fails: engine, store, delivery",
      { service: ["engine", "store", "delivery"] },
    ),
    calls: counter("calls_total", "Calls to the component by operation and result: ok or the error's code", {
      operation,
      result: ["ok"],
    }),
    callSeconds: histogram(
      "call_seconds",
      "Time of one call to the component, by operation",
      { operation },
      [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20],
    ),
    sentBytes: counter("sent_bytes_total", "Bytes of request bodies sent to the component"),
    retries: counter("retries_total", "Calls to the component that were repeated, by operation", {
      operation,
    }),
    conflicts: counter(
      "conflicts_total",
      "Calls that the deployment did not commit, by operation and reason: write_conflict, too_many_writes",
      { operation, reason: pressures },
    ),
    heartbeats: counter("heartbeats_total", "Lease renewals by result: ok, lost, error", {
      result: ["ok", "lost", "error"],
    }),
    leaseLosses: counter("lease_losses_total", "Messages whose lease was lost while they were held"),
    restores: counter("restores_total", "Snapshots asked for before a conversation, by result: found, none", {
      result: ["found", "none"],
    }),
    snapshots: counter("snapshots_total", "Snapshots saved, by result: ready, refused, failed", {
      result: ["ready", "refused", "failed"],
    }),
    snapshotBytes: counter("snapshot_bytes_total", "Bytes of the snapshots that are ready"),
    dataFreeBytes: gauge("data_dir_free_bytes", "Free bytes on the disk of DATA_DIR, when there is one"),
    inFlight: gauge("in_flight", "Messages held at present"),
    idleSeconds: gauge("idle_seconds", "Time since the worker last held a message, or since its start"),
    connected: gauge("connected", "1 while calls to the component succeed"),
    lastSuccess: gauge("last_success_timestamp_seconds", "When a claim or a write last succeeded"),
    clockSkew: gauge("clock_skew_seconds", "The component's clock minus this machine's, to the second"),
    tokenExpiry: gauge("token_expiry_timestamp_seconds", "When AGENT_TOKEN expires, as it says itself"),
    claiming: gauge("claiming", "1 while the worker may claim: running, the engine ready, no service down"),
    state: gauge("state", "1 for the present state: running, stopping, draining, stopped", {
      state: ["running", "stopping", "draining", "stopped"],
    }),
    started: gauge("start_timestamp_seconds", "When the process started"),
    startSeconds: gauge("start_to_claim_seconds", "Time from the start to the first claim that was answered"),
    residentBytes: gauge("resident_memory_bytes", "Resident memory of the process"),
    loopLag: gauge(
      "event_loop_lag_seconds",
      "99th percentile of the event loop's delay since the last scrape",
    ),
    healthChecks: counter("health_checks_total", "Answers of GET /healthz by status", {
      status: ["200", "503"],
    }),
    logLines: counter("log_lines_total", "Log lines by level", {
      level: ["trace", "debug", "info", "warn", "error", "fatal"],
    }),
    build: gauge("build", "1; its labels say what runs here", {
      version: [],
      engine: [],
      mode: [],
      node: [],
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

/** Every set of labels out of their known values; one empty set without labels. */
function combinations<Label extends string>(
  known: Partial<Record<Label, readonly string[]>>,
): Partial<Record<Label, string>>[] {
  return Object.entries<readonly string[] | undefined>(known).reduce<Partial<Record<Label, string>>[]>(
    (sets, [label, values = []]) =>
      sets.flatMap((set) => values.map((value) => ({ ...set, [label]: value }))),
    [{}],
  );
}

/** The content type of Prometheus's plain text. */
export const plainTextType = Registry.PROMETHEUS_CONTENT_TYPE;

/** OpenMetrics as Prometheus's plain text, for what reads nothing else: there a counter's family is named as its samples. */
export function plainText(openMetrics: string): string {
  const counters = new Set([...openMetrics.matchAll(/^# TYPE (\S+) counter$/gm)].map(([, name]) => name));
  return openMetrics
    .replace(/^# (HELP|TYPE) (\S+)/gm, (line, _, name) =>
      counters.has(String(name)) ? `${line}_total` : line,
    )
    .replace(/^# EOF\n/m, "");
}
