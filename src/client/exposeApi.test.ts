import type { FunctionReference, RegisteredMutation, RegisteredQuery } from "convex/server";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { ComponentApi } from "../component/_generated/component.js";
import * as lib from "../component/lib.js";
import { errorDataOf } from "../contract/errors.js";
import type { AuthCallback } from "./auth.js";
import { exposeApi, exposeOperatorApi, type ExposeApiOptions } from "./exposeApi.js";
import { surface } from "./surface/index.js";
import { operatorKeys, type ExposedApi } from "./surface/registered.js";

/** Functions of the component that apps reach only through `registerRoutes`. */
const INTERNAL_TO_THE_APP = ["identifyTelegramWebhook", "ingestTelegramMessage"];

const entries = Object.entries(surface);
const component = {
  lib: new Proxy({}, { get: (_, name) => name }),
} as unknown as ComponentApi;

/** Calls an exposed function with a recording context; what happened, in order. */
async function call(name: string, args: Record<string, unknown>, options: Partial<ExposeApiOptions> = {}) {
  const log: unknown[] = [];
  const auth: AuthCallback = async (ctx, operation) => {
    await Promise.resolve();
    log.push(["auth", operation]);
    return await (options.auth ?? (async () => ({ userId: "root", grant: "admin" as const })))(
      ctx,
      operation,
    );
  };
  const exposed = exposeApi(component, { ...options, auth });
  const run = (kind: string) => (fn: string, forwarded: unknown) => {
    log.push([kind, fn, forwarded]);
    return Promise.resolve("result");
  };
  const ctx = { auth: {}, runQuery: run("query"), runMutation: run("mutation"), runAction: run("action") };
  const registered: unknown = exposed[name as keyof ExposedApi];
  const { _handler } = registered as { _handler: (ctx: unknown, args: unknown) => Promise<unknown> };
  let error: unknown = null;
  const value = await _handler(ctx, args).catch((thrown: unknown) => {
    error = thrown;
    return null;
  });
  return { log, value, error, forwarded: log.filter((entry) => (entry as string[])[0] !== "auth") };
}

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

describe("every row", () => {
  it.each(entries)("%s asks auth first, then forwards once", async (name, row) => {
    const { log } = await call(name, { workerToken: "t" });
    expect(log).toHaveLength(2);
    const type = row.kind === "query" ? "read" : "write";
    expect(log[0]).toMatchObject(["auth", { type, name, access: row.access }]);
    expect((log[1] as unknown[]).slice(0, 2)).toEqual([row.kind, row.fn]);
  });
  it.each(entries)("%s forwards nothing when auth refuses", async (name) => {
    const { forwarded, error } = await call(
      name,
      { workerToken: "t" },
      { auth: () => Promise.reject(new Error("no")) },
    );
    expect(forwarded).toEqual([]);
    expect(error).toMatchObject({ message: "no" });
  });
  it.each(entries.filter(([, row]) => row.kind !== "query"))(
    "%s changes something, so it is no read",
    (_, row) => {
      expect(row.access).not.toBe("read");
    },
  );
  it.each(entries.filter(([, row]) => row.access === "admin"))("%s needs the admin grant", async (name) => {
    const { forwarded, error } = await call(name, {}, { auth: user });
    expect(errorDataOf(error)?.code).toBe("admin_required");
    expect(forwarded).toEqual([]);
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
      expect(open.forwarded.map((entry) => (entry as unknown[]).slice(0, 2))).toEqual([[row.kind, row.fn]]);
      const blank = await call(name, { workerToken: "" }, { dangerouslyAllowWorkersWithoutToken: true });
      expect(blank.forwarded).toEqual([]);
    },
  );
});

describe("the surface is complete", () => {
  it("exposes every function of the component but the named ones", () => {
    const exposed = new Set<string>(entries.map(([, row]) => row.fn));
    expect(
      Object.keys(lib)
        .filter((name) => !exposed.has(name))
        .sort(),
    ).toEqual(INTERNAL_TO_THE_APP);
  });
  it("gives operators all that is neither a worker's nor a user's write", () => {
    const expected = entries.filter(([, row]) => row.access !== "worker" && row.access !== "write");
    expect([...operatorKeys].sort()).toEqual(expected.map(([name]) => name).sort());
    expect(Object.keys(exposeOperatorApi(component)).sort()).toEqual([...operatorKeys].sort());
  });
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
