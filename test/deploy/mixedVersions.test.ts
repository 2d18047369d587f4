/** What `docs/worker/upgrade.md` says about workers and components, or workers and files, of different versions. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../worker/src/clock.js";
import { faultOf, sayHello } from "../../worker/src/hello.js";
import { frame } from "../../worker/src/journal/framed.js";
import { Journal } from "../../worker/src/journal/journal.js";
import { probeOrder } from "../../worker/src/probes/probe.js";
import { openFileStore } from "../../worker/src/store/fileStore.js";
import { createGatewayTransport } from "../../worker/src/gateway/gateway.js";
import { TransportError } from "../../worker/src/transport/transport.js";
import { UNHINTED_POLL_MS, Waiting, type IdleHint } from "../../worker/src/waiting/waiting.js";
import { json, startTestServer, type TestServer } from "../worker/httpServer.js";

let server: TestServer | undefined;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "versions-"));
});
afterEach(async () => {
  await server?.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A worker's transport to a component that answers every call like this. */
async function against(status: number, body: unknown, onIdle?: (hint: IdleHint) => void) {
  server = await startTestServer((_request, response) => json(response, status, body));
  return createGatewayTransport({
    baseUrl: `${server.baseUrl}/agent-factory`,
    token: "t",
    workerId: "w1",
    timeoutMs: 5_000,
    ...(onIdle === undefined ? {} : { onIdle }),
  });
}
const said = { version: "9.0.0", host: "h", engine: "echo", mode: "agent" };
const failureOf = (call: Promise<unknown>): Promise<TransportError> =>
  call.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: unknown) =>
      error instanceof TransportError ? error : Promise.reject(new Error("of another kind")),
  );

describe("an older worker at a newer component", () => {
  const payload = { provider: "telegram", providerUserId: "u", messageText: "hi" };
  const job = {
    messageId: "m1",
    conversationId: "c1",
    agentKey: "a",
    leaseId: "l1",
    leaseExpiresAt: 1,
    payload,
    attempt: 1,
    maxAttempts: 5,
    heartbeatIntervalMs: 15_000,
  };

  it("passes over what is new in an answer", async () => {
    const newer = { ...job, priority: "high", payload: { ...payload, mood: "good" } };
    const transport = await against(200, { ok: true, value: newer, region: "eu" });
    expect(await transport.claim()).toEqual(job);
  });

  it("takes an error code that it does not know as internal, to be repeated when the status says so", async () => {
    const error = { code: "quota_of_tomorrow", message: "Later." };
    expect(await failureOf((await against(503, { ok: false, error })).claim())).toMatchObject({
      code: "internal",
      retryable: true,
    });
    await server?.close();
    expect(await failureOf((await against(400, { ok: false, error })).claim())).toMatchObject({
      retryable: false,
    });
  });

  it("refuses a kind of probe that it does not know, and understands the one beside it", async () => {
    const known = { probeId: "p2", kind: "host", target: "db:1", timeoutMs: 1_000 };
    const probes = [{ ...known, probeId: "p1", kind: "traceroute" }, known];
    let heard: IdleHint = {};
    const control = { shouldStop: false, probes };
    await (await against(200, { ok: true, value: null, control }, (hint) => (heard = hint))).claim();
    expect(heard.control?.probes?.map((probe) => probeOrder.safeParse(probe).success)).toEqual([false, true]);
  });
});

describe("a newer worker at an older component", () => {
  it("does without the call that introduces it", async () => {
    const error = { code: "operation_unknown", message: "There is no such operation." };
    const transport = await against(404, { ok: false, error });
    const connection = { succeeded: () => undefined, failed: () => undefined, problem: () => null };
    const log = pino({ level: "silent" });
    const { signal } = new AbortController();
    await sayHello(
      { hello: transport.hello, connection, clock: systemClock, log, signal, warnings: () => [] },
      said,
    );
    expect(server?.received).toHaveLength(1);
  });

  it("does not name its process where names are refused", async () => {
    server = await startTestServer((request, response) =>
      "instance" in (request.body as object)
        ? json(response, 400, {
            ok: false,
            error: { code: "invalid_argument", message: "the body has an unknown field" },
          })
        : json(response, 200, { ok: true, value: null }),
    );
    const transport = createGatewayTransport({
      baseUrl: `${server.baseUrl}/agent-factory`,
      token: "t",
      workerId: "w1",
      instance: "p1",
      timeoutMs: 5_000,
    });
    await transport.hello(said);
    expect(await transport.claim()).toBeNull();
    expect(server.received).toHaveLength(3);
  });

  it("polls every 2 s when it is told nothing about its next claim", async () => {
    const waits: number[] = [];
    const clock = { ...systemClock, random: () => 0.5, sleep: async (ms: number) => void waits.push(ms) };
    const waiting = new Waiting({ clock });
    await (await against(200, { ok: true, value: null }, (hint) => waiting.told(hint))).claim();
    await waiting.untilNextClaim(new AbortController().signal);
    expect([UNHINTED_POLL_MS, waits]).toEqual([2_000, [2_000]]);
  });

  it("ends with the wrong-address fault where there is no worker gateway at all", async () => {
    const failure = await failureOf((await against(404, "No matching routes found")).hello(said));
    expect(faultOf(failure)).toBe("url_wrong");
  });
});

describe("files of another version", () => {
  it("a journal's record of a later version is passed over, the others are read", () => {
    const held = { messageId: "m1", leaseId: "l1" };
    const first = Journal.open(dir, "w1").journal;
    first.note(held, { outcome: { kind: "complete" } });
    first.close();
    appendFileSync(
      path.join(dir, "answers.journal"),
      frame({ kind: "promise", leaseId: "l2", of: "tomorrow" }),
    );
    const { journal, finding } = Journal.open(dir, "w2");
    expect(journal.open()).toMatchObject([{ ...held, workerId: "w1" }]);
    expect(finding.damagedLines).toEqual([]);
    journal.close();
  });

  it("a store of a later version is refused and left as it is", async () => {
    const file = path.join(dir, "own.json");
    writeFileSync(file, JSON.stringify({ version: 99, connections: {} }));
    await expect(openFileStore(dir)).rejects.toThrow("was written by a later version of the worker");
  });
});
