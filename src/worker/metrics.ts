/** The worker's Prometheus series. One registry per worker, so that two in one process do not mix. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";

const prefix = "agent_factory_worker_";

/** Creates the series; each is moved by the part of the worker named in its help text. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> =>
    new Counter({ name: prefix + name, help, labelNames, registers });
  const gauge = (name: string, help: string): Gauge => new Gauge({ name: prefix + name, help, registers });
  return {
    registry,
    claims: counter("claims_total", "Claims by result: job, empty, error; chained = handed out by a settle", [
      "result",
    ]),
    messages: counter(
      "messages_total",
      "Messages by outcome: done, queued (again), dead_letter, lease_lost, handed_back, abandoned",
      ["outcome"],
    ),
    resumed: counter("replies_resumed_total", "Messages resumed at sending, without running the engine", []),
    engineSeconds: new Histogram({
      name: `${prefix}engine_seconds`,
      help: "Time of one engine run by result: ok or the kind of the error",
      labelNames: ["result"] as const,
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
      registers,
    }),
    deliveries: counter("delivery_parts_total", "Parts sent by result: sent, ambiguous, refused, transient", [
      "result",
    ]),
    retries: counter("retries_total", "Calls to the component that were repeated, by operation", [
      "operation",
    ]),
    heartbeats: counter("heartbeats_total", "Lease renewals by result: ok, lost, error", ["result"]),
    leaseLosses: counter("lease_losses_total", "Messages whose lease was lost while they were held", []),
    inFlight: gauge("in_flight", "Messages held at present"),
    connected: gauge("connected", "1 while calls to the component succeed"),
    claiming: gauge("claiming", "1 while the worker may claim: running and the engine ready"),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
