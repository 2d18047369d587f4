import { httpRouter, type RoutableMethod } from "convex/server";
import { describe, expect, it, vi } from "vitest";
import type { ComponentApi } from "../component/_generated/component.js";
import * as lib from "../component/lib.js";
import { errorCodes, factoryError, type ErrorCode } from "../contract/errors.js";
import {
  callOfImageKey,
  callOfOperation,
  countsAsRefusal,
  statusOfCode,
  workerCalls,
  type WorkerCall,
} from "../contract/gateway.js";
import { aliasCredential, aliasPath, gatewayPath } from "../contract/paths.js";
import { argumentFaults } from "./http/checkArguments.js";
import { registerRoutes } from "./registerRoutes.js";
import { stepsOf } from "./surface/forward.js";
import { surface } from "./surface/index.js";

const component = { lib: new Proxy({}, { get: (_, name) => name }) } as unknown as ComponentApi;
const ALIAS = "a-_9".repeat(10) + "xyz";
const calls: readonly WorkerCall[] = workerCalls;

interface Setup {
  method?: RoutableMethod;
  token?: string | null;
  body?: string;
  /** What the component answers, a job for one; throws to refuse. */
  answer?: (fn: string) => unknown;
  limited?: boolean;
  /** Counting a refusal fails. */
  uncountable?: boolean;
}

const idle = { retryAfterMs: 1_000, shouldStop: false };
const nothing = (fn: string) => (fn === "poll" ? { job: null, idle } : null);

/** One request to the routes of an app; what the component saw, and the reply. */
async function request(path: string, setup: Setup = {}) {
  const { method = "POST", token = "a.b.c", body = "{}", answer = nothing, limited = false } = setup;
  const http = httpRouter();
  registerRoutes(http, component);
  const [handler] = http.lookup(path, method) ?? [];
  const { _handler } = handler as unknown as {
    _handler: (ctx: unknown, request: Request) => Promise<Response>;
  };
  const seen: [string, string, unknown][] = [];
  const run = (kind: string) => (fn: string, args: unknown) => {
    seen.push([kind, fn, args]);
    if (fn === "noteWorkerRefusal" && setup.uncountable) return Promise.reject(new Error("conflict"));
    if (fn === "noteWorkerRefusal") return Promise.resolve({ limited, retryAfterMs: 1_500 });
    return new Promise((resolve) => resolve(answer(fn)));
  };
  const ctx = { runQuery: run("query"), runMutation: run("mutation") };
  const response = await _handler(
    ctx,
    new Request(`https://x.example${path}`, {
      method,
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      ...(method === "POST" && { body }),
    }),
  );
  const reply = (await response.json()) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, reply, seen };
}
const image = (key: string, kind: string, args: unknown, setup: Setup = {}) =>
  request(`${aliasPath(ALIAS)}/api/${kind}`, {
    token: null,
    body: JSON.stringify({ path: `agentFactory:${key}`, args }),
    ...setup,
  });
const claimPath = gatewayPath("claim");
const claimBody = JSON.stringify({ workerId: "w1" });

describe("a text with half a surrogate pair", () => {
  const outcome = { kind: "fail", errorMessage: "exit code 3: \ud83d" };
  const lease = { workerId: "w1", messageId: "m", leaseId: "l" };
  const mended = { ...lease, outcome: { kind: "fail", errorMessage: "exit code 3: \ufffd" } };

  it("is mended at both doors, so that the reason of a failure survives", async () => {
    const { seen } = await request(gatewayPath("settle"), { body: JSON.stringify({ ...lease, outcome }) });
    expect(seen).toEqual([["mutation", "settle", expect.objectContaining(mended)]]);
    const failed = await image("workerFail", "mutation", { ...lease, errorMessage: outcome.errorMessage });
    expect(failed.seen).toEqual([
      ["mutation", "fail", expect.objectContaining({ errorMessage: mended.outcome.errorMessage })],
    ]);
  });
});

describe("the table of worker calls", () => {
  it.each(calls.map((call) => [call.fn, call] as const))(
    "%s is a function of the component, of that kind",
    (fn, call) => {
      const registered: unknown = (lib as Record<string, unknown>)[fn];
      expect(registered).toHaveProperty(call.kind === "query" ? "isQuery" : "isMutation", true);
      expect(Object.keys(call.row.args)).toContain("workerToken");
    },
  );
  it("is the exposed worker functions too, under the same names and kinds", () => {
    const forWorkers = Object.entries(surface).filter(([, { access }]) => access === "worker");
    const exposed = forWorkers.flatMap(([key, row]) => stepsOf(row).map((step) => [key, step] as const));
    // What only the gateway calls stands beside the exposed function that does the same for one.
    const exposable = calls.filter(({ fn }) => fn !== "poll");
    expect(exposed.map(([, row]) => row.fn).sort()).toEqual(exposable.map((call) => call.fn).sort());
    expect(callOfOperation("claim")?.row.args).toEqual(surface.workerClaim!.args);
    for (const [key, row] of exposed) {
      const call = calls.find(({ fn }) => fn === row.fn);
      expect(call?.kind).toBe(row.kind);
      if (call?.imageKey !== null) expect(call?.imageKey).toBe(key);
    }
  });
  it("has each name once and knows no other", () => {
    for (const names of [calls.map((call) => call.operation), calls.map((call) => call.imageKey)]) {
      const given = names.filter((name) => name !== null);
      expect(new Set(given).size).toBe(given.length);
    }
    for (const name of ["", "__proto__", "constructor", "Claim"]) {
      expect(callOfOperation(name)).toBeUndefined();
      expect(callOfImageKey(name)).toBeUndefined();
    }
  });
});

describe("the gateway", () => {
  it("forwards the arguments with the token of the header, and the tenant of the path", async () => {
    const job = { messageId: "m" };
    const done = await request(claimPath, { body: claimBody, answer: () => ({ job, idle: null }) });
    expect([done.status, done.reply]).toEqual([200, { ok: true, value: job }]);
    expect(done.seen).toEqual([["mutation", "poll", { workerId: "w1", workerToken: "a.b.c" }]]);
    const scoped = await request(gatewayPath("claim", { workspace: "acme/1" }), { body: claimBody });
    expect(scoped.seen[0]).toMatchObject(["mutation", "poll", { workspaceId: "acme/1" }]);
  });

  it("says with an empty claim, and no other answer, when to ask again and whether to stop", async () => {
    const wanted = { retryAfterMs: 5_000, shouldStop: false, release: true };
    const empty = await request(claimPath, { body: claimBody, answer: () => ({ job: null, idle: wanted }) });
    const told = { retryAfterMs: 5_000, control: { shouldStop: false, release: true } };
    expect([empty.status, empty.reply]).toEqual([200, { ok: true, value: null, ...told }]);
    expect(empty.seen).toHaveLength(1);
  });

  it.each(errorCodes.map((code) => [code, statusOfCode[code] ?? 400] as const))(
    "answers %s with %i, and counts refused credentials only",
    async (code, status) => {
      const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
      const done = await request(claimPath, {
        body: claimBody,
        answer: () => {
          throw factoryError(code, "why", { tokenId: "t1" });
        },
      });
      expect(done.status).toBe(status);
      expect(done.reply).toEqual({ ok: false, error: { code, message: "why" } });
      const noted = ["mutation", "noteWorkerRefusal", { door: "gateway", code, tokenId: "t1" }];
      expect(done.seen.slice(1)).toEqual(countsAsRefusal(status) ? [noted] : []);
      log.mockRestore();
    },
  );

  it("answers a bug with 500 and none of its text, and prints it without the credentials in it", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const done = await request(claimPath, {
      body: claimBody,
      answer: () => {
        throw new Error("row abc has a secret", { cause: new Error("sent Bearer canary.0123456789") });
      },
    });
    expect(done.status).toBe(500);
    expect(JSON.stringify(done.reply)).not.toContain("secret");
    expect(log.mock.calls.flat().join(" ")).toMatch(/row abc has a secret[^]*sent Bearer \[redacted\]/);
    log.mockRestore();
  });

  it("refuses as well when the refusal cannot be counted", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const done = await request(claimPath, { token: null, uncountable: true });
    expect(done).toMatchObject({ status: 401, reply: { error: { code: "worker_token_required" } } });
    log.mockRestore();
  });

  it("beyond the limit of refusals answers 429 and says when to come back; good calls note nothing", async () => {
    const refused = () => {
      throw factoryError("worker_token_revoked", "no");
    };
    const done = await request(claimPath, { body: claimBody, answer: refused, limited: true });
    expect(done).toMatchObject({ status: 429, reply: { error: { code: "rate_limited" } } });
    expect(done.headers.get("Retry-After")).toBe("2");
    const good = await request(claimPath, { body: claimBody, limited: true });
    expect(good.status).toBe(200);
    expect(good.seen.map(([, fn]) => fn)).not.toContain("noteWorkerRefusal");
  });

  it.each<[string, ErrorCode, Setup & { path?: string }]>([
    ["no token", "worker_token_required", { token: null }],
    ["an alias as a token", "worker_token_required", { token: aliasCredential(ALIAS) }],
    ["no JSON", "request_not_json", { body: "{" }],
    ["a list", "request_not_json", { body: "[]" }],
    ["a token in the body", "invalid_argument", { body: '{"workerId":"w1","workerToken":"x"}' }],
    ["too large a body", "request_too_large", { body: "x".repeat(2 * 1024 * 1024 + 1) }],
    ["another method", "method_not_allowed", { method: "GET" }],
    ["an unknown operation", "operation_unknown", { path: `${claimPath}s` }],
    [
      "another workspace in the body",
      "workspace_mismatch",
      { path: gatewayPath("claim", { workspace: "a" }), body: '{"workerId":"w1","workspaceId":"b"}' },
    ],
  ])(
    "refuses %s without asking the component for it: %s",
    async (_, code, { path = claimPath, ...setup }) => {
      const done = await request(path, { body: claimBody, ...setup });
      expect(done.status).toBe(statusOfCode[code] ?? 400);
      expect(done.reply).toMatchObject({ ok: false, error: { code } });
      expect(JSON.stringify(done.seen)).not.toContain('"poll"');
    },
  );

  it("names all faults of the arguments at once", async () => {
    const done = await request(claimPath, { body: '{"workspaceId":1,"hydrate":"yes","extra":1}' });
    const { error } = done.reply as { error: { message: string } };
    for (const fault of ["unknown field", "workerId is required", "workspaceId must be", "hydrate must be"])
      expect(error.message).toContain(fault);
    expect(argumentFaults({}, Object.fromEntries(Array.from({ length: 99 }, (_, i) => [i, 1])))).toHaveLength(
      1,
    );
  });
});

describe("the door of the published image", () => {
  it.each(calls.filter((call) => call.imageKey !== null).map((call) => [call.imageKey ?? "", call] as const))(
    "%s reaches its function with the alias, in either form of the arguments",
    async (key, call) => {
      for (const wrapped of [false, true]) {
        const args = Object.fromEntries(
          Object.entries(call.row.args)
            .filter(([, validator]) => validator.isOptional === "required")
            .map(([name, { kind }]) => [name, kind === "float64" ? 1 : kind === "string" ? "x" : undefined]),
        );
        if (Object.values(args).includes(undefined)) continue;
        const done = await image(key, call.kind, wrapped ? [args] : args, { answer: () => 7 });
        expect(done).toMatchObject({ status: 200, reply: { status: "success", value: 7 } });
        expect(done.seen).toEqual([[call.kind, call.fn, { ...args, workerToken: aliasCredential(ALIAS) }]]);
      }
    },
  );

  it("answers what a function refuses as Convex does, and a bad credential with its status", async () => {
    const throwing = (code: ErrorCode) => ({
      answer: () => {
        throw factoryError(code, "why");
      },
    });
    const lost = await image("workerClaim", "mutation", { workerId: "w1" }, throwing("lease_lost"));
    expect(lost).toMatchObject({
      status: 200,
      reply: { status: "error", errorMessage: "lease_lost: why", errorData: { code: "lease_lost" } },
    });
    const invalid = await image("workerClaim", "mutation", { workerId: 1 });
    expect(invalid).toMatchObject({
      status: 200,
      reply: { errorData: { code: "invalid_argument" } },
      seen: [],
    });
    for (const code of ["worker_token_revoked", "worker_token_invalid", "worker_mismatch"] as const) {
      const done = await image("workerClaim", "mutation", { workerId: "w1" }, throwing(code));
      expect(done).toMatchObject({
        status: statusOfCode[code],
        reply: { status: "error", errorData: { code } },
      });
      expect(done.seen.at(-1)).toMatchObject(["mutation", "noteWorkerRefusal", { door: "alias", code }]);
    }
  });

  it("tells a worker whose alias has ended to stop, and refuses one it never knew", async () => {
    const control = (code: ErrorCode) =>
      image(
        "workerControlState",
        "query",
        { workerId: "w1" },
        {
          answer: () => {
            throw factoryError(code, "why");
          },
        },
      );
    for (const code of ["worker_token_revoked", "worker_token_expired"] as const)
      expect((await control(code)).reply).toMatchObject({ status: "success", value: { shouldStop: true } });
    expect((await control("worker_token_invalid")).status).toBe(401);
  });

  it.each<[string, ErrorCode, string, Setup]>([
    ["a path that is no alias", "worker_token_invalid", "/agent-factory/w/short/api/query", {}],
    ["another API", "operation_unknown", `${aliasPath(ALIAS)}/api/action`, {}],
    ["more path", "operation_unknown", `${aliasPath(ALIAS)}/api/query/x`, {}],
    ["no JSON", "request_not_json", `${aliasPath(ALIAS)}/api/query`, { body: "" }],
    ["no function", "request_not_json", `${aliasPath(ALIAS)}/api/query`, { body: '{"args":{}}' }],
    [
      "another format",
      "request_not_json",
      `${aliasPath(ALIAS)}/api/query`,
      { body: '{"path":"a:b","format":"x"}' },
    ],
    [
      "a function of the host",
      "operation_unknown",
      `${aliasPath(ALIAS)}/api/mutation`,
      { body: '{"path":"agentFactory:importSecret","args":{}}' },
    ],
    [
      "a mutation as a query",
      "operation_unknown",
      `${aliasPath(ALIAS)}/api/query`,
      { body: '{"path":"agentFactory:workerClaim","args":{"workerId":"w1"}}' },
    ],
    ["another method", "method_not_allowed", `${aliasPath(ALIAS)}/api/query`, { method: "GET" }],
  ])("refuses %s: %s", async (_, code, path, setup) => {
    const done = await request(path, { token: null, ...setup });
    expect(done.status).toBe(statusOfCode[code] ?? 400);
    expect(JSON.stringify(done.reply)).toContain(code);
    expect(done.seen.filter((entry) => !JSON.stringify(entry).includes("noteWorkerRefusal"))).toEqual([]);
  });
});
