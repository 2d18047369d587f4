import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { aJob } from "../../../test/worker/fakes.js";
import { closedPort, json, startTestServer, type TestServer } from "../../../test/worker/httpServer.js";
import { createGatewayTransport } from "./gateway.js";
import { TransportError } from "../transport/transport.js";

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function against(answer: (response: ServerResponse) => void, workspaceId?: string, timeoutMs = 5_000) {
  server = await startTestServer((_, response) => answer(response));
  const options = {
    baseUrl: `${server.baseUrl}/agent-factory`,
    token: "the-token",
    workerId: "w1",
    timeoutMs,
    workspaceId,
  };
  return { transport: createGatewayTransport(options), received: server.received };
}
const failureOf = async (call: Promise<unknown>): Promise<TransportError> => {
  const error: unknown = await call.then(
    () => new Error("it succeeded"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof TransportError)) throw error;
  return error;
};
const held = { messageId: "m", leaseId: "l" };

describe("the gateway transport", () => {
  it("posts each operation with the worker's id, the token only in the header", async () => {
    const job = aJob("m1");
    const { transport, received } = await against((r) => json(r, 200, { ok: true, value: job }));
    expect(await transport.claim()).toEqual(job);
    expect(received[0]).toMatchObject({
      method: "POST",
      path: "/agent-factory/api/agent_workers/claim",
      body: { workerId: "w1", hydrate: true },
    });
    expect(received[0]?.headers.authorization).toBe("Bearer the-token");
    expect(JSON.stringify(received[0]?.body) + (received[0]?.path ?? "")).not.toContain("the-token");
  });

  it("uses the tenant's route and names only the lease of a job passed as held", async () => {
    const { transport, received } = await against(
      (r) => json(r, 200, { ok: true, value: { ok: false, reason: "lease_lost" } }),
      "acme/1",
    );
    expect(await transport.settle(aJob("m1"), { outcome: { kind: "complete" } })).toEqual({
      ok: false,
      reason: "lease_lost",
    });
    expect(received[0]?.path).toBe("/agent-factory/api/w/acme%2F1/agent_workers/settle");
    expect(received[0]?.body).toEqual({
      workerId: "w1",
      messageId: "m1",
      leaseId: "lease-m1",
      outcome: { kind: "complete" },
    });
  });

  it("reads renewals, control state and empty claims", async () => {
    const value = { ok: true, leaseExpiresAt: 5, shouldStop: true };
    const renewing = await against((r) => json(r, 200, { ok: true, value }));
    expect(await renewing.transport.heartbeat(held)).toEqual(value);
    expect(await renewing.transport.controlState()).toEqual({ shouldStop: true });
    await server?.close();
    const empty = await against((r) => json(r, 200, { ok: true, value: null }));
    expect(await empty.transport.claim()).toBeNull();
  });

  const refusals: [string, (response: ServerResponse) => void, Partial<TransportError>][] = [
    [
      "a refusal",
      (r) => json(r, 403, { ok: false, error: { code: "worker_token_revoked", message: "no" } }),
      { code: "worker_token_revoked", retryable: false, httpStatus: 403 },
    ],
    [
      "a server's bug",
      (r) => json(r, 500, { ok: false, error: { code: "internal", message: "bug" } }),
      { code: "internal", retryable: true },
    ],
    [
      "a code of a newer server",
      (r) => json(r, 400, { ok: false, error: { code: "brand_new", message: "?" } }),
      { code: "internal", retryable: false },
    ],
    [
      "a proxy's page",
      (r) => void r.writeHead(502).end("<html>"),
      { code: "unexpected_reply", retryable: true },
    ],
    [
      "another server",
      (r) => void r.writeHead(404).end("nothing here"),
      { code: "unexpected_reply", retryable: false },
    ],
    [
      "a value of another shape",
      (r) => json(r, 200, { ok: true, value: { messageId: 5 } }),
      { code: "unexpected_reply", retryable: false },
    ],
    ["a dropped connection", (r) => void r.destroy(), { code: "network", retryable: true }],
    ["silence", () => undefined, { code: "timeout", retryable: true }],
    [
      "a redirect",
      (r) => void r.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
      { code: "unexpected_reply", retryable: false },
    ],
  ];
  it.each(refusals)("types %s", async (_, answer, expected) => {
    const { transport, received } = await against(
      answer,
      undefined,
      expected.code === "timeout" ? 100 : undefined,
    );
    expect(await failureOf(transport.claim())).toMatchObject(expected);
    if (expected.code !== "timeout") expect(received).toHaveLength(1); // never repeated blindly
  });

  const repeating = async (answers: [status: number, code: string][]) => {
    let index = 0;
    server = await startTestServer((_, response) => {
      const [status, code] = answers[index++] ?? [200, ""];
      json(
        response,
        status,
        status === 200 ? { ok: true, value: null } : { ok: false, error: { code, message: "?" } },
      );
    });
    const heard: string[] = [];
    const waits: number[] = [];
    const transport = createGatewayTransport({
      baseUrl: server.baseUrl,
      token: "t",
      workerId: "w1",
      timeoutMs: 5_000,
      onPressure: (operation, pressure) => heard.push(`${operation} ${pressure}`),
      clock: {
        random: () => 0.5,
        sleep: (ms) => {
          waits.push(ms);
          return Promise.resolve();
        },
      },
    });
    return { transport, received: server.received, heard, waits };
  };

  it("repeats at once what met a write conflict, a claim too: nothing of it was stored", async () => {
    const { transport, received, heard, waits } = await repeating([
      [503, "write_conflict"],
      [503, "write_conflict"],
    ]);
    expect(await transport.claim()).toBeNull();
    expect(received.map(({ body }) => body)).toEqual(Array(3).fill({ workerId: "w1", hydrate: true }));
    expect(heard).toEqual(["claim write_conflict", "claim write_conflict"]);
    expect(waits).toEqual([25, 50]);
  });

  it("waits for the next second when there were too many writes", async () => {
    const { transport, heard, waits } = await repeating([[429, "too_many_writes"]]);
    expect(await transport.heartbeat(held).catch((error: unknown) => error)).toMatchObject({
      code: "unexpected_reply", // null is no renewal, so it is the second answer
    });
    expect([heard, waits]).toEqual([["heartbeat too_many_writes"], [750]]);
  });

  it("gives up after a few, which its caller may repeat", async () => {
    const { transport, received, heard } = await repeating(
      Array(9).fill([503, "write_conflict"]) as [number, string][],
    );
    expect(await failureOf(transport.claim())).toMatchObject({
      code: "write_conflict",
      pressure: "write_conflict",
      retryable: true,
    });
    expect([received.length, heard.length]).toEqual([4, 4]);
  });

  it("types a refused connection and an abort, without the token", async () => {
    const options = { baseUrl: await closedPort(), token: "the-token", workerId: "w1", timeoutMs: 5_000 };
    const error = await failureOf(createGatewayTransport(options).claim());
    expect(error).toMatchObject({ code: "network", message: "claim: ECONNREFUSED" });
    expect(
      await failureOf(createGatewayTransport(options).heartbeat(held, AbortSignal.abort())),
    ).toMatchObject({ code: "aborted" });
  });
});
