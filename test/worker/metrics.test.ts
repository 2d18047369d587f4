import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createMetrics, METRIC_PREFIX } from "../../worker/src/metrics.js";
import { aJob } from "./fakes.js";
import { json, startTestServer, type TestServer } from "./httpServer.js";
import { startInProcess, type InProcess } from "./inProcess.js";
import { MemoryServer } from "./memoryServer.js";
import { readOpenMetrics, type Family } from "./openMetrics.js";

let directory: string;
let server: MemoryServer;
let telegram: TestServer;
let worker: InProcess | null = null;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "metrics-"));
  server = await new MemoryServer().listen();
  telegram = await startTestServer((_, response) => json(response, 200, { ok: true, result: {} }));
});
afterEach(async () => {
  await worker?.stop();
  worker = null;
  await server.close();
  await telegram.close();
  await rm(directory, { recursive: true, force: true });
});

const exp = 2_000_000_000;
const token = `e30.${Buffer.from(JSON.stringify({ exp })).toString("base64url")}.c2ln`;
const scrape = async (running: InProcess): Promise<Map<string, Family>> => {
  const { text, contentType } = await running.metrics();
  expect(contentType).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
  return readOpenMetrics(text);
};
/** The sum of a family's samples, of a histogram's counts; 0 when there is none. */
const total = (families: Map<string, Family>, name: string): number => {
  const family = families.get(METRIC_PREFIX + name);
  if (!family) throw new Error(`no family ${name}`);
  return family.samples
    .filter((sample) => family.type !== "histogram" || sample.name.endsWith("_count"))
    .reduce((sum, { value }) => sum + value, 0);
};
const sample = (families: Map<string, Family>, name: string, labels: Record<string, string>): number =>
  families
    .get(METRIC_PREFIX + name)
    ?.samples.find((one) => Object.entries(labels).every(([key, value]) => one.labels[key] === value))
    ?.value ?? 0;

it("a working worker serves valid OpenMetrics, and each of its series moves", async () => {
  await writeFile(
    path.join(directory, "agent.sh"),
    `echo "$AGENT_FACTORY_MESSAGE_ID" >> "$DATA_DIR/f"; cat; sleep 0.3`,
  );
  const ask = (id: string, conversationId: string, reply?: { text: string; parts: number }): void => {
    const resumed = reply === undefined ? {} : { reply: { ...reply, nextPart: 0, ambiguousParts: [] } };
    server.jobs.push(aJob(id, { conversationId, ...resumed }, { conversationId, heartbeatIntervalMs: 100 }));
  };
  server.policy.everyTurns = 1;
  let refusedClaims = 2;
  let metConflict = false;
  let heartbeats = 0;
  server.onCall = (operation) => {
    if (operation === "claim" && refusedClaims-- > 0) return 503;
    server.refusalCode = "internal";
    if (operation === "settle" && !metConflict) {
      metConflict = true;
      server.refusalCode = "write_conflict";
      return 503;
    }
    // The answer to one renewal is lost, and it is repeated.
    if (operation === "heartbeat" && (heartbeats += 1) === 1) return 503;
    return undefined;
  };
  const running = (worker = startInProcess({
    BASE_INTERNAL_URL: server.origin,
    AGENT_TOKEN: token,
    ENGINE: "command",
    ENGINE_COMMAND: `sh ${path.join(directory, "agent.sh")}`,
    COMMAND_STATEFUL: "true",
    DATA_DIR: path.join(directory, "data"),
    TELEGRAM_API_BASE_URL: telegram.baseUrl,
  }));
  await running.heard("worker.started");
  const before = await scrape(running);
  await running.heard("worker.connected");
  ask("m1", "c1");
  await expect.poll(() => server.answers.length, { timeout: 5_000 }).toBe(1);
  await expect
    .poll(async () => total(await scrape(running), "snapshots"), { timeout: 5_000 })
    .toBeGreaterThan(0);
  ask("m2", "c1", { text: "resumed", parts: 1 });
  await expect.poll(async () => total(await scrape(running), "messages"), { timeout: 5_000 }).toBe(2);
  ask("m3", "c1");
  await expect.poll(async () => total(await scrape(running), "in_flight"), { interval: 10 }).toBe(1);
  const during = await scrape(running);
  await running.health();
  // The lease of the third message goes to another worker.
  server.refusalCode = "lease_lost";
  server.onCall = (operation) => (operation === "heartbeat" || operation === "settle" ? 409 : undefined);
  await expect.poll(async () => total(await scrape(running), "lease_losses"), { timeout: 5_000 }).toBe(1);
  const after = await scrape(running);

  const pushed = [
    ...["claims", "messages", "message_seconds", "answer_chars", "replies_resumed", "engine_seconds"],
    ...[
      "delivery_parts",
      "calls",
      "call_seconds",
      "sent_bytes",
      "retries",
      "conflicts",
      "heartbeats",
      "lease_losses",
    ],
    ...["restores", "snapshots", "snapshot_bytes", "log_lines"],
  ];
  for (const name of pushed) expect(total(after, name), name).toBeGreaterThan(total(before, name));
  expect(total(after, "health_checks")).toBe(1);
  for (const [name, of] of [
    ["in_flight", before],
    ["connected", before],
    ["last_success_timestamp_seconds", before],
    ["start_to_claim_seconds", before],
    ["claiming", before],
    ["idle_seconds", during],
  ] as const)
    expect(total(of, name), name).toBe(0);
  for (const name of [
    ...[
      "connected",
      "claiming",
      "in_flight",
      "start_to_claim_seconds",
      "event_loop_lag_seconds",
      "engine_ready",
    ],
    ...[
      "resident_memory_bytes",
      "data_dir_free_bytes",
      "start_timestamp_seconds",
      "last_success_timestamp_seconds",
    ],
  ])
    expect(total(during, name), name).toBeGreaterThan(0);
  expect(total(before, "idle_seconds")).toBeGreaterThan(0);
  expect(total(after, "token_expiry_timestamp_seconds")).toBe(exp);
  expect(sample(after, "state", { state: "running" })).toBe(1);
  expect(sample(after, "build", { engine: "command", mode: "agent" })).toBe(1);
  expect(sample(after, "calls", { operation: "claim", result: "unexpected_reply" })).toBe(0);
  expect(sample(after, "calls", { operation: "claim", result: "internal" })).toBe(2);
  expect(sample(after, "conflicts", { operation: "settle", reason: "write_conflict" })).toBe(1);
  expect(before.size).toBeGreaterThanOrEqual(25);
}, 20_000);

it("docs/worker/metrics.md has a row for each series, with its kind and its labels, and for no other", async () => {
  const text = await readFile(new URL("../../docs/worker/metrics.md", import.meta.url), "utf8");
  const documented = [...text.matchAll(/^\| `(agent_factory_worker_\w+)` +\| (\w+) +\| (.*?) +\|/gm)].map(
    ([, name, kind, labels]) => `${name ?? ""} ${kind ?? ""} ${(labels ?? "").replaceAll("`", "")}`.trim(),
  );
  const known = (await createMetrics().registry.getMetricsAsJSON()).map(({ name }) => name);
  const metrics = Object.values(createMetrics()).filter((one) => "name" in one) as unknown as {
    name: string;
    labelNames: string[];
    constructor: { name: string };
  }[];
  const actual = metrics.map(({ name, labelNames, constructor }) =>
    `${name} ${constructor.name.toLowerCase()} ${labelNames.join(", ")}`.trim(),
  );
  expect(actual.map((row) => row.split(" ")[0]).sort()).toEqual([...known].sort());
  expect(documented.sort()).toEqual(actual.sort());
});

it("the reader of the test refuses what a scraper would", () => {
  const head = "# HELP a x\n# TYPE a counter\n";
  expect(readOpenMetrics(`${head}a_total{l="v"} 1\n# EOF\n`).get("a")?.samples).toHaveLength(1);
  for (const bad of [
    `${head}a_total 1\n`,
    `${head}a 1\n# EOF\n`,
    `${head}a_total -1\n# EOF\n`,
    `${head}a_total 1\na_total 2\n# EOF\n`,
    `${head}a_total{l=v} 1\n# EOF\n`,
    `${head}\na_total 1\n# EOF\n`,
    `a_total 1\n# EOF\n`,
    `# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n# EOF\n`,
  ])
    expect(() => readOpenMetrics(bad), bad).toThrow();
});
