/** What only the Fly adapter does: reading answers, repeating, pacing, regions. No sockets, no real waiting. */
import { describe, expect, it } from "vitest";
import { createFlyProvider } from "../../src/core/providers/fly/flyAdapter.js";
import type { ProviderOptions } from "../../src/core/providers/provider.js";
import { failureOf, specOf } from "./conformance.js";

const TOKEN = "fm2_lJPECAAAAAAAAAAASECRET";
const MACHINE = {
  id: "148ed21ad76e98",
  name: "afw-1",
  state: "started",
  region: "iad",
  created_at: "2030-01-01T00:00:00Z",
  config: { image: "workers:1", metadata: { a: "b" }, env: { KEY: "never read" } },
};
const VOLUME = {
  id: "vol_1",
  name: "data_1",
  region: "iad",
  state: "created",
  size_gb: 1,
  created_at: "2030-01-01T00:00:00Z",
};
const volumeSpec = { name: "data_1", regions: ["iad"], sizeGb: 1, guest: specOf("x").guest };

interface Answer {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** An adapter whose requests get these answers in turn (the last one again and again), and what it did. */
function adapter(answers: (Answer | Error)[], options: { token?: string } & ProviderOptions = {}) {
  const requests: { method: string; path: string; headers: Headers; body: unknown }[] = [];
  const slept: number[] = [];
  const { token = TOKEN, ...rest } = options;
  const provider = createFlyProvider("workers", token, {
    fetch: async (url, init) => {
      const answer = answers[Math.min(requests.length, answers.length - 1)];
      const { pathname, search } = new URL(url);
      const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
      requests.push({
        method: init.method ?? "",
        path: pathname + search,
        headers: new Headers(init.headers),
        body,
      });
      if (answer instanceof Error) throw answer;
      const text = typeof answer?.body === "string" ? answer.body : JSON.stringify(answer?.body ?? []);
      return new Response(text, { status: answer?.status ?? 200, headers: answer?.headers });
    },
    sleep: async (ms) => void slept.push(Math.round(ms)),
    now: () => 0,
    random: () => 0,
    ...rest,
  });
  return { provider, requests, slept };
}

describe("credentials", () => {
  it.each([
    ["fm2_abc", "Bearer fm2_abc"],
    ["  fm2_abc\n", "Bearer fm2_abc"],
    ["FlyV1 fm2_abc,fm2_def", "FlyV1 fm2_abc,fm2_def"],
  ])("%j is sent as %j", async (token, header) => {
    const { provider, requests } = adapter([{ body: [] }], { token });
    await provider.listMachines();
    expect(requests[0]?.headers.get("authorization")).toBe(header);
  });

  it("never shows the token or the machine's environment in an error", async () => {
    const env = { SERVICE_KEY: "sk-service-key-value", MODE: "on" };
    const echo = `bad request from ${TOKEN} with sk-service-key-value, mode on`;
    const { provider } = adapter([{ status: 400, body: echo }], { token: `FlyV1 ${TOKEN}` });
    const error = await failureOf(provider.createMachine(specOf("afw-1", { env })));
    expect(error.message).toBe(
      "Fly API POST /apps/workers/machines failed: bad request from [redacted] with [redacted], mode on",
    );
    expect(JSON.stringify(error.data)).not.toContain("SECRET");
  });

  it("keeps fetch's own words out: they may quote a header", async () => {
    const thrown = new TypeError(`bad header Bearer ${TOKEN}`, { cause: { code: "ECONNREFUSED" } });
    const { provider } = adapter([thrown]);
    const error = await failureOf(provider.listMachines());
    expect(error.message).toBe("Fly API GET /apps/workers/machines failed: no answer (ECONNREFUSED)");
  });
});

describe("errors by status", () => {
  it.each([
    [401, "Authenticate: token validation error", "unauthorized", false],
    [403, "organization is over the allowed quota", "capacity", false],
    [403, "forbidden", "unauthorized", false],
    [404, "app not found", "not_found", false],
    [408, "deadline_exceeded: slow", "timeout", true],
    [409, "aborted: machine update failed due to concurrent update", "conflict", true],
    [409, "aborted: no capacity", "capacity", true],
    [412, "failed_precondition: volume already claimed by machine 1", "conflict", true],
    [412, "insufficient resources to create new machine with existing volume 'vol_1'", "capacity", true],
    [422, "could not find a candidate host", "capacity", true],
    [400, "invalid_argument: region xxx not found", "invalid", false],
    [429, "rate limit exceeded", "rate_limited", true],
    [500, "machine not found", "unavailable", true],
  ])("%i %j is %s", async (status, text, kind, retryable) => {
    const { provider } = adapter([{ status, body: { error: text }, headers: { "fly-request-id": "r1" } }]);
    const error = await failureOf(provider.createVolume(volumeSpec));
    expect(error).toMatchObject({ kind, retryable, status, requestId: "r1", outcomeUnknown: false });
    expect(error.message).toBe(`Fly API GET /apps/workers/volumes failed: {"error":${JSON.stringify(text)}}`);
  });

  it("an error on a destroy is never a success, whatever its text", async () => {
    const { provider } = adapter([{ status: 500, body: "internal server error: machine not found" }]);
    const error = await failureOf(provider.destroy("148ed21ad76e98"));
    expect(error).toMatchObject({ kind: "unavailable", outcomeUnknown: true });
  });

  it("a machine is gone only if the app is there", async () => {
    const gone = adapter([
      { status: 404, body: { error: "machine not found" } },
      { body: { name: "workers" } },
    ]);
    expect(await gone.provider.getMachine("m1")).toBeNull();
    expect(gone.requests.map(({ path }) => path)).toEqual([
      "/v1/apps/workers/machines/m1",
      "/v1/apps/workers",
    ]);
    const wrongApp = adapter([{ status: 404, body: "404 page not found" }]);
    expect(await failureOf(wrongApp.provider.getMachine("m1"))).toMatchObject({ kind: "not_found" });
  });

  it("stops waiting for an answer that does not come", async () => {
    const { provider } = adapter([], {
      requestTimeoutMs: 10,
      fetch: (_url, init) =>
        new Promise((_, reject) =>
          init.signal?.addEventListener("abort", () => reject(new Error("aborted")), { once: true }),
        ),
    });
    const error = await failureOf(provider.createMachine(specOf("afw-1")));
    expect(error).toMatchObject({ kind: "timeout", outcomeUnknown: true, retryable: true });
    expect(error.message).toBe("Fly API POST /apps/workers/machines failed: no answer within 10 ms");
  });
});

describe("answers of the wrong shape", () => {
  it.each([
    ["<html>welcome</html>", "body: Invalid input: expected array, received undefined"],
    [{ machines: [] }, "body: Invalid input: expected array, received object"],
  ])("%j is malformed", async (body, what) => {
    const { provider } = adapter([{ body }]);
    const error = await failureOf(provider.listMachines());
    expect(error).toMatchObject({ kind: "malformed", outcomeUnknown: false });
    expect(error.message).toBe(`Fly API GET /apps/workers/machines failed: unreadable reply: ${what}`);
  });

  it("a create whose answer cannot be read may have worked", async () => {
    const { provider } = adapter([{ body: { id: "148ed21ad76e98" } }]);
    const error = await failureOf(provider.createMachine(specOf("afw-1")));
    expect(error).toMatchObject({ kind: "malformed", outcomeUnknown: true });
  });

  it("one unreadable machine makes the list incomplete, not useless", async () => {
    const { provider } = adapter([{ body: [{ ...MACHINE, state: 7 }, MACHINE, "?"] }]);
    const { machines, complete } = await provider.listMachines();
    expect({ ids: machines.map(({ id }) => id), complete }).toEqual({ ids: [MACHINE.id], complete: false });
  });

  it("reads unknown states, unreachable hosts and odd events without deciding anything", async () => {
    const body = [
      {
        ...MACHINE,
        state: "pondering",
        events: [7, { type: "exit", request: { exit_event: { exit_code: 3 } } }],
      },
      { ...MACHINE, id: "2", config: null, host_status: "unreachable" },
    ];
    const { machines, complete } = await adapter([{ body }]).provider.listMachines();
    expect(complete).toBe(true);
    expect(machines[0]).toMatchObject({
      state: "unknown",
      providerState: "pondering",
      exit: { exitCode: 3 },
    });
    expect(machines[1]).toMatchObject({ metadata: null, hostReachable: false, image: null });
    expect(JSON.stringify(machines)).not.toContain("never read");
  });
});

describe("repeating", () => {
  it("repeats failures after 1, 2 and 4 seconds and then gives up", async () => {
    const { provider, requests, slept } = adapter([{ status: 503 }]);
    expect(await failureOf(provider.getMachine("m1"))).toMatchObject({ kind: "unavailable", status: 503 });
    expect(requests).toHaveLength(4);
    expect(slept).toEqual([1_000, 2_000, 4_000]);
  });

  it("spreads repeats by up to a quarter", async () => {
    const { provider, slept } = adapter([{ status: 429 }, { body: MACHINE }], { random: () => 0.9999 });
    await provider.getMachine("m1");
    expect(slept).toEqual([1_250]);
  });

  it.each([
    ["7", 7_000],
    [new Date(9_000).toUTCString(), 9_000],
    ["soon", 1_000],
  ])("waits as Retry-After %j says", async (header, waitMs) => {
    const answers = [{ status: 429, headers: { "retry-after": header } }, { body: MACHINE }];
    const { provider, slept } = adapter(answers);
    await provider.getMachine("m1");
    expect(slept).toEqual([waitMs]);
  });

  it("leaves a long Retry-After to the next pass", async () => {
    const { provider, slept } = adapter([{ status: 429, headers: { "retry-after": "120" } }]);
    expect(await failureOf(provider.getMachine("m1"))).toMatchObject({ kind: "rate_limited" });
    expect(slept).toEqual([]);
  });

  it.each([400, 401, 403, 409, 412, 422])("does not repeat a %i", async (status) => {
    const { provider, requests } = adapter([{ status }]);
    await failureOf(provider.stop("m1", { timeoutMs: 1_000 }));
    expect(requests).toHaveLength(1);
  });

  it("repeats a refused volume, never one that may exist by now", async () => {
    const refused = adapter([{ body: [] }, { status: 429 }, { body: VOLUME }]);
    expect((await refused.provider.createVolume(volumeSpec)).id).toBe("vol_1");
    const unclear = adapter([{ body: [] }, { status: 503 }, { body: VOLUME }]);
    const error = await failureOf(unclear.provider.createVolume(volumeSpec));
    expect(error).toMatchObject({ outcomeUnknown: true, status: 503 });
    expect(unclear.requests.map(({ method }) => method)).toEqual(["GET", "POST"]);
  });

  it("takes the machine that its own lost attempt made", async () => {
    const taken = `already_exists: unique machine name violation, machine ID ${MACHINE.id} already exists with name "afw-1"`;
    const { provider, requests } = adapter([
      new TypeError("reset"),
      { status: 409, body: { error: taken } },
      { body: MACHINE },
    ]);
    const machine = await provider.createMachine(specOf("afw-1", { metadata: { a: "b" } }));
    expect(machine.id).toBe(MACHINE.id);
    expect(requests.map(({ method }) => method)).toEqual(["POST", "POST", "GET"]);
  });

  it("does not take over a machine that is being destroyed, or that cannot be read", async () => {
    const taken = { status: 409, body: { error: `machine ID ${MACHINE.id} already exists` } };
    const spec = specOf("afw-1", { metadata: { a: "b" } });
    const leaving = adapter([taken, { body: { ...MACHINE, state: "destroying" } }]);
    expect(await failureOf(leaving.provider.createMachine(spec))).toMatchObject({
      kind: "conflict",
      retryable: true,
    });
    const hidden = adapter([taken, { body: { ...MACHINE, config: null, host_status: "unreachable" } }]);
    expect(await failureOf(hidden.provider.createMachine(spec))).toMatchObject({
      kind: "unavailable",
      retryable: true,
    });
  });
});

describe("what is sent", () => {
  it("durations are strings, and the stop timeout is capped at Fly's 300 seconds", async () => {
    const { provider, requests } = adapter([{ body: MACHINE }]);
    await provider.createMachine(
      specOf("afw-1", {
        stopTimeoutMs: 900_000,
        mount: { volumeId: "vol_1", path: "/data" },
        restart: { policy: "on-failure", maxRetries: 2 },
      }),
    );
    await provider.stop(MACHINE.id, { timeoutMs: 1_500 });
    await provider.destroy(MACHINE.id);
    expect(requests[0]?.body).toEqual({
      name: "afw-1",
      region: "iad",
      config: {
        image: "registry.fly.io/workers:1",
        env: { WORKER_ID: "afw-1" },
        guest: { cpu_kind: "shared", cpus: 1, memory_mb: 512 },
        mounts: [{ volume: "vol_1", path: "/data" }],
        restart: { policy: "on-failure", max_retries: 2 },
        stop_config: { signal: "SIGTERM", timeout: "300s" },
        metadata: { af_deployment: "d1", af_worker: "afw-1" },
      },
    });
    expect(requests[1]).toMatchObject({
      path: `/v1/apps/workers/machines/${MACHINE.id}/stop`,
      body: { signal: "SIGTERM", timeout: "2s" },
    });
    expect(requests[2]).toMatchObject({
      method: "DELETE",
      path: `/v1/apps/workers/machines/${MACHINE.id}?force=true`,
    });
  });

  it("goes to Fly unless told otherwise", async () => {
    const seen: string[] = [];
    const fetch = async (url: string) => {
      seen.push(url);
      return new Response("[]");
    };
    await createFlyProvider("a b", TOKEN, { fetch }).listMachines();
    await createFlyProvider("workers", TOKEN, { fetch, baseUrl: " http://127.0.0.1:1/v1/ " }).listVolumes();
    expect(seen).toEqual([
      "https://api.machines.dev/v1/apps/a%20b/machines",
      "http://127.0.0.1:1/v1/apps/workers/volumes",
    ]);
  });
});
