import type { FunctionReference, RegisteredMutation, RegisteredQuery } from "convex/server";
import { v } from "convex/values";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { ComponentApi } from "../component/_generated/component.js";
import { errorDataOf } from "../contract/errors.js";
import type { AuthCallback } from "./auth.js";
import { exposeApi, type ExposeApiOptions, exposeOperatorApi } from "./exposeApi.js";
import { admitted, adminArgsOf, forward, rows, stepsOf, type CallerCtx } from "./surface/forward.js";
import type { ExposedApi } from "./surface/registered.js";
import { joinedRow, mappedRow, type SurfaceRow } from "./surface/row.js";

const entries = Object.entries(rows);
const component = {
  lib: new Proxy({}, { get: (_, name) => name }),
} as unknown as ComponentApi;

type Logged = ["auth", unknown] | ["query" | "mutation" | "action", string, unknown];

/** A context that writes down what is asked of the component. */
function recording(log: Logged[], identity: unknown = null) {
  const run = (kind: "query" | "mutation" | "action") => (fn: string, forwarded: unknown) => {
    log.push([kind, fn, forwarded]);
    return Promise.resolve(`${fn} result`);
  };
  const auth = { getUserIdentity: () => Promise.resolve(identity) };
  return { auth, runQuery: run("query"), runMutation: run("mutation"), runAction: run("action") };
}

/** Calls an exposed function with a recording context; what happened, in order. */
async function call(name: string, args: Record<string, unknown>, options: Partial<ExposeApiOptions> = {}) {
  const log: Logged[] = [];
  const auth: AuthCallback = async (ctx, operation) => {
    await Promise.resolve();
    log.push(["auth", operation]);
    return await (options.auth ?? root)(ctx, operation);
  };
  return await run(exposeApi(component, { ...options, auth })[name as keyof ExposedApi], log, args);
}
async function run(registered: unknown, log: Logged[], args: Record<string, unknown>) {
  const { _handler } = registered as { _handler: (ctx: unknown, args: unknown) => Promise<unknown> };
  let error: unknown = null;
  const value = await _handler(recording(log), args).catch((thrown: unknown) => {
    error = thrown;
    return null;
  });
  const forwarded = log.filter(([kind, fn]) => kind !== "auth" && fn !== "recordAdminOperation");
  const recorded = log.filter(([, fn]) => fn === "recordAdminOperation");
  return { log, value, error, forwarded, recorded };
}

const root: AuthCallback = () => Promise.resolve({ userId: "root", grant: "admin" });
const user: AuthCallback = () => Promise.resolve("alice");
const provider = {
  kind: "fly" as const,
  appName: "a",
  organizationSlug: "o",
  image: "i",
  region: "r",
  volumeName: "v",
  volumePath: "/v",
  volumeSizeGb: 1,
};
const message = { conversationId: "c", agentKey: "a", provider: "p", providerUserId: "u", messageText: "hi" };

/** Some value for each argument, so that every `toLib` finds what it reads. */
const argsFor = (row: SurfaceRow) =>
  Object.fromEntries(Object.keys(row.args).map((name) => [name, `some ${name}`]));

describe("every row", () => {
  it.each(entries)("%s asks auth first, then forwards once to each of its functions", async (name, row) => {
    const { log, forwarded, recorded } = await call(name, argsFor(row));
    const type = row.kind === "query" ? "read" : "write";
    expect(log[0]).toMatchObject(["auth", { type, name, access: row.access }]);
    expect(log.filter(([kind]) => kind === "auth")).toHaveLength(1);
    expect(forwarded.map(([kind, fn]) => [kind, fn])).toEqual(
      stepsOf(row).map((step) => [step.kind, step.fn]),
    );
    // Written down before it is done; a query cannot write.
    const isAdministrative =
      row.access === "admin" || (row.access !== "worker" && adminArgsOf(row, argsFor(row)).length > 0);
    const isRecorded = isAdministrative && row.kind !== "query";
    expect(recorded).toMatchObject(
      isRecorded ? [["mutation", "recordAdminOperation", { operation: name, userId: "root" }]] : [],
    );
    if (isRecorded) expect(log[1]).toBe(recorded[0]);
  });
  it.each(entries)("%s forwards nothing when auth refuses", async (name) => {
    const auth: AuthCallback = () => Promise.reject(new Error("no"));
    const { log, error } = await call(name, argsFor(rows[name] as SurfaceRow), { auth });
    expect(log.map(([kind]) => kind)).toEqual(["auth"]);
    expect(error).toMatchObject({ message: "no" });
  });
  it.each(entries.filter(([, row]) => row.kind !== "query"))(
    "%s changes something, so it is no read",
    (_, row) => {
      expect(row.access).not.toBe("read");
    },
  );
  it.each(entries.filter(([, row]) => row.access === "admin"))("%s needs the admin grant", async (name) => {
    const { log, error } = await call(name, argsFor(rows[name] as SurfaceRow), { auth: user });
    expect(errorDataOf(error)?.code).toBe("admin_required");
    expect(log.map(([kind]) => kind)).toEqual(["auth"]);
  });
  it.each(entries.filter(([, row]) => row.access === "worker"))(
    "%s needs a worker token",
    async (name, row) => {
      for (const workerToken of [undefined, ""]) {
        const { forwarded, error } = await call(name, { workerToken });
        expect(errorDataOf(error)?.code).toBe("worker_token_required");
        expect(forwarded).toEqual([]);
      }
      const open = await call(name, {}, { auth: user, dangerouslyAllowWorkersWithoutToken: true });
      expect(open.forwarded.map(([kind, fn]) => [kind, fn])).toEqual(
        stepsOf(row).map(({ kind, fn }) => [kind, fn]),
      );
      const blank = await call(name, { workerToken: "" }, { dangerouslyAllowWorkersWithoutToken: true });
      expect(blank.forwarded).toEqual([]);
    },
  );
});

describe("arguments", () => {
  it("drops a caller's provider configuration unless admin is granted", async () => {
    const own = { ...provider, image: "own" };
    const asUser = await call(
      "enqueue",
      { ...message, providerConfig: provider },
      { auth: user, providerConfig: own },
    );
    expect(asUser.forwarded).toMatchObject([["mutation", "enqueue", { providerConfig: own }]]);
    const none = await call("enqueue", { ...message, providerConfig: provider }, { auth: user });
    expect(none.forwarded).toMatchObject([["mutation", "enqueue", { providerConfig: undefined }]]);
    const asAdmin = await call("enqueue", { ...message, providerConfig: provider });
    expect(asAdmin.forwarded).toMatchObject([["mutation", "enqueue", { providerConfig: provider }]]);
  });
  it("says of a user's message that a user says it, whatever they call themselves", async () => {
    const sent = { consumerUserId: "ann", agentKey: "a", content: "hi", metadata: { region: "theirs" } };
    const byUser = await call("sendMessageToUserAgent", sent, { auth: user });
    expect(byUser.forwarded).toMatchObject([["mutation", "sendMessageToUserAgent", { saidByUser: true }]]);
    const byAdmin = await call("sendMessageToUserAgent", sent);
    expect(byAdmin.forwarded).toMatchObject([
      ["mutation", "sendMessageToUserAgent", { saidByUser: undefined }],
    ]);
    expect(Object.keys(rows.sendMessageToUserAgent?.args ?? {})).not.toContain("saidByUser");
  });
  const open = mappedRow(
    "queueStats",
    {
      kind: "query",
      access: "system",
      args: {
        flyApiToken: v.optional(v.string()),
        limit: v.optional(v.number()),
        nowMs: v.optional(v.number()),
      },
      adminOnlyArgs: ["flyApiToken"],
      ignoredArgs: ["nowMs"],
      fill: ["providerConfig"],
    },
    () => ({}),
  );
  it.each([
    [
      false,
      { flyApiToken: "t", limit: 1, nowMs: 5, providerConfig: "theirs" },
      { limit: 1, providerConfig: "ours" },
    ],
    [true, { flyApiToken: "t", nowMs: 5 }, { flyApiToken: "t", providerConfig: "ours" }],
    [true, { providerConfig: "theirs" }, { providerConfig: "theirs" }],
  ])("with admin %s: %j becomes %j", (isAdmin, args, expected) => {
    expect(admitted(open, args, { isAdmin, providerConfig: "ours" as never })).toEqual(expected);
  });
  it("writes down that an administrator's arguments counted in an operation that is not one", async () => {
    const used = await call("enqueue", { ...message, providerConfig: provider });
    expect(used.recorded).toEqual([
      [
        "mutation",
        "recordAdminOperation",
        { operation: "enqueue", userId: "root", scope: { conversationId: "c", agentKey: "a" } },
      ],
    ]);
    expect((await call("enqueue", message)).recorded).toEqual([]);
    const worker = await call("workerComplete", { workerToken: "t", providerConfig: provider });
    expect(worker.forwarded).toEqual([["mutation", "complete", { workerToken: "t" }]]);
    expect(worker.recorded).toEqual([]);
    const dropped = await call("enqueue", { ...message, providerConfig: provider }, { auth: user });
    expect(dropped.recorded).toEqual([]);
  });
  it("runs the steps of a joined row in order, each with its own arguments", async () => {
    const joined = joinedRow(
      { access: "system", args: { limit: v.optional(v.number()) }, scope: () => ({ workspace: "w" }) },
      (step) => ({
        released: step("releaseStuckJobs", "mutation", ({ limit }) => ({ limit })),
        stats: step("queueStats", "query", () => ({})),
      }),
    );
    const log: Logged[] = [];
    const ctx = recording(log) as unknown as CallerCtx;
    const result = await forward(component, joined, ctx, {
      args: { limit: 3 },
      caller: { userId: null, isAdmin: true },
    });
    expect(result).toEqual({ released: "releaseStuckJobs result", stats: "queueStats result" });
    expect(log).toEqual([
      ["mutation", "releaseStuckJobs", { limit: 3 }],
      ["query", "queueStats", {}],
    ]);
  });
  it("turns the flat enqueue into a payload and tells auth what it is about", async () => {
    const { log } = await call("enqueue", { ...message, idempotencyKey: "k" }, { auth: user });
    expect(log).toMatchObject([
      ["auth", { conversationId: "c", agentKey: "a" }],
      [
        "mutation",
        "enqueue",
        {
          conversationId: "c",
          agentKey: "a",
          idempotencyKey: "api:c:k",
          payload: { provider: "p", providerUserId: "u", messageText: "hi" },
        },
      ],
    ]);
  });
  it("refuses an auth that returns no user", async () => {
    const auth = (() => Promise.resolve(undefined)) as unknown as AuthCallback;
    const { error, forwarded } = await call("queueStats", {}, { auth });
    expect(errorDataOf(error)?.code).toBe("unauthorized");
    expect(forwarded).toEqual([]);
  });
});

it("asks nobody for the operator's functions, and writes administrative ones down as the operator's", async () => {
  const log: Logged[] = [];
  const { forwarded } = await run(exposeOperatorApi(component).seedDefaultAgent, log, {});
  expect(log[0]).toEqual([
    "mutation",
    "recordAdminOperation",
    { operation: "seedDefaultAgent", userId: null, scope: {} },
  ]);
  expect(forwarded).toHaveLength(1);
  const upkeep = await run(exposeOperatorApi(component).releaseStuckJobs, [], {});
  expect(upkeep.recorded).toEqual([]);
});

it("keeps exact argument and result types", () => {
  type ArgsOf<F> =
    F extends RegisteredQuery<"public", infer A, unknown>
      ? A
      : F extends RegisteredMutation<"public", infer A, unknown>
        ? A
        : never;
  type ResultOf<F> = F extends RegisteredQuery<"public", never, infer R> ? Awaited<R> : never;
  expectTypeOf<ArgsOf<ExposedApi["inspectDeadLetter"]>>().toEqualTypeOf<{ messageId: string }>();
  expectTypeOf<ExposedApi["queueStats"]>().toEqualTypeOf<
    RegisteredQuery<
      "public",
      Record<never, never>,
      Promise<{ queuedReady: number; processing: number; deadLetter: number; capped: boolean }>
    >
  >();
  expectTypeOf<ResultOf<ExposedApi["queueStats"]>>().not.toBeAny();
  expectTypeOf<ComponentApi["lib"]["enqueue"]>().toExtend<FunctionReference<"mutation", "internal">>();
});
