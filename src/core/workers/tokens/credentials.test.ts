import { createHash } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { START, textOf, useWorld, type World } from "../../../../test/component/world.js";
import { internal } from "../../../component/_generated/api.js";
import { errorDataOf, type ErrorData } from "../../../contract/errors.js";
import { aliasCredential } from "../../../contract/paths.js";
import { authorizeWorker } from "./authorize.js";
import { mintMachineCredential } from "./mintMachine.js";
import { sweepRefusals } from "./sweep.js";

const world = useWorld();
const MINUTE = 60_000;

const refusal = (work: Promise<unknown>): Promise<ErrorData> =>
  work.then(
    () => Promise.reject(new Error("was not refused")),
    (error: unknown) => errorDataOf(error) ?? Promise.reject(error as Error),
  );
const mint = (scope: Parameters<typeof mutate>[0] = {}) => mutate(scope);
const mutate = (scope: {
  workspace?: string;
  tags?: string[];
  workerId?: string;
  maxWorkers?: number;
  trusted?: boolean;
  withAlias?: boolean;
  expiresInMs?: number;
  group?: string;
}) => world.t.mutation(world.lib.createAgentWorkerToken, scope);
const claim = (workerId: string, workerToken: string, fields: { conversationId?: string } = {}) =>
  world.t.mutation(world.lib.claim, { workerId, workerToken, ...fields });
const credentialOf = (aliasPath: string | undefined) => aliasCredential(aliasPath?.split("/").at(-1) ?? "");
const list = () => world.t.query(world.lib.listWorkerTokens, {});
const machine = (w: World, workerId: string) =>
  w.t.run((ctx) =>
    mintMachineCredential(ctx, { workerId, workspace: "default", tags: ["default"], lifetimeMs: MINUTE }),
  );

describe("aliases", () => {
  it("are 256 random bits, stored as their SHA-256 only, and stand for one worker", async () => {
    const { aliasPath } = await mint({ workerId: "w1", withAlias: true });
    expect(aliasPath).toMatch(/^\/agent-factory\/w\/[A-Za-z0-9_-]{43}$/);
    const alias = aliasPath?.split("/").at(-1) ?? "";
    expect(Buffer.from(alias, "base64url")).toHaveLength(32);
    const rows = JSON.stringify(await world.t.run((ctx) => ctx.db.query("workerTokens").collect()));
    expect(rows).not.toContain(alias);
    expect(rows).toContain(createHash("sha256").update(alias).digest("hex"));

    await world.send("c1", "hello");
    const workerToken = aliasCredential(alias);
    expect((await refusal(claim("w2", workerToken))).code).toBe("worker_mismatch");
    const job = await claim("w1", workerToken);
    expect(textOf(job)).toBe("hello");
    if (!job) throw new Error("nothing claimed");
    const worker = await world.t.run((ctx) => ctx.db.query("workers").first());
    expect(worker).toMatchObject({ workerId: "w1", stateful: true });
    // The image names neither worker nor lease here: the alias does.
    const turn = { role: "assistant" as const, content: "hi" };
    const append = { conversationId: "c1", messages: [turn], workerToken };
    expect(await world.t.mutation(world.lib.appendConversationMessages, append)).toMatchObject({
      updated: true,
    });
    expect(await world.t.mutation(world.lib.complete, { ...world.lease("w1", job), workerToken })).toBe(true);
  });

  it("end with their token, and a guess is no alias", async () => {
    const { aliasPath, tokenId, expiresAt } = await mint({
      workerId: "w1",
      withAlias: true,
      expiresInMs: 2 * MINUTE,
    });
    const workerToken = credentialOf(aliasPath);
    expect(await claim("w1", workerToken)).toBeNull();
    expect((await refusal(claim("w1", aliasCredential("A".repeat(43))))).code).toBe("worker_token_invalid");
    expect((await refusal(claim("w1", `${workerToken}A`))).code).toBe("worker_token_invalid");
    const rotated = await world.t.mutation(world.lib.rotateWorkerToken, { tokenId, overlapMs: 0 });
    expect((await refusal(claim("w1", workerToken))).code).toBe("worker_token_expired");
    expect(await claim("w1", credentialOf(rotated.aliasPath))).toBeNull();
    await world.t.mutation(world.lib.revokeWorkerToken, { tokenId: rotated.tokenId });
    const revoked = await refusal(claim("w1", credentialOf(rotated.aliasPath)));
    expect(revoked).toMatchObject({ code: "worker_token_revoked", tokenId: rotated.tokenId });
    expect(expiresAt).toBeGreaterThan(START);
  });

  it("authorise with one document", async () => {
    const { aliasPath } = await mint({ workerId: "w1", withAlias: true });
    for (let i = 0; i < 10; i += 1) await mint();
    const used = await world.t.run(async (ctx) => {
      await authorizeWorker(ctx, { workerToken: credentialOf(aliasPath), workerId: "w1" });
      const metrics = await ctx.meta.getTransactionMetrics();
      return [metrics.documentsRead.used, metrics.documentsWritten.used];
    });
    expect(used).toEqual([1, 0]);
  });
});

describe("machines", () => {
  it("get a token and an alias bound to their worker id, both ended by one revocation", async () => {
    const minted = await machine(world, "afw-1");
    expect(await claim("afw-1", minted.token)).toBeNull();
    expect(await claim("afw-1", aliasCredential(minted.alias))).toBeNull();
    expect((await refusal(claim("afw-2", minted.token))).code).toBe("worker_mismatch");
    await world.t.mutation(world.lib.revokeWorkerToken, { tokenId: minted.tokenId });
    for (const credential of [minted.token, aliasCredential(minted.alias)])
      expect((await refusal(claim("afw-1", credential))).code).toBe("worker_token_revoked");
  });
});

describe("maxWorkers", () => {
  it("admits that many worker ids at once and forgets those that are gone", async () => {
    const { token, tokenId } = await mint({ maxWorkers: 2 });
    await Promise.all([claim("w1", token), claim("w2", token)]);
    const third = await refusal(claim("w3", token));
    expect(third).toMatchObject({ code: "worker_limit_reached", tokenId, maxWorkers: 2 });
    expect(await claim("w1", token)).toBeNull();
    vi.setSystemTime(START + 10 * MINUTE);
    await claim("w1", token);
    await world.t.mutation(internal.upkeep.sweep, { name: "silentWorkers" });
    expect(await claim("w3", token)).toBeNull();
    expect((await refusal(claim("w2", token))).code).toBe("worker_limit_reached");
  });

  it("counts a worker that comes with another token there, not twice", async () => {
    const first = await mint({ maxWorkers: 1 });
    await claim("w1", first.token);
    const second = await world.t.mutation(world.lib.rotateWorkerToken, { tokenId: first.tokenId });
    expect(await claim("w1", second.token)).toBeNull();
    expect((await refusal(claim("w2", second.token))).code).toBe("worker_limit_reached");
    expect(await claim("w2", first.token)).toBeNull();
  });
});

describe("system lanes", () => {
  it("are refused at mint without trusted, and for another workspace", async () => {
    for (const scope of [
      { tags: ["system"] },
      { tags: ["default", "system:acme"], workspace: "acme" },
      { tags: ["system"], workspace: "acme", trusted: true },
      { tags: ["system:other"], workspace: "acme", trusted: true },
    ])
      expect((await refusal(mint(scope))).code).toBe("lane_not_allowed");
    expect(await list()).toEqual([]);
  });

  it("agent workers never see their conversations; trusted workers do", async () => {
    await world.agent("ops", { workspace: "acme", tag: "system:$workspace" });
    await world.agent("root", { tag: "system" });
    await world.send("flow", "dependency job", { agentKey: "ops" });
    await world.send("instance", "flow job", { agentKey: "root" });
    const agentWorker = await mint({ tags: ["default"] });
    expect(await claim("a1", agentWorker.token)).toBeNull();
    for (const conversationId of ["flow", "instance"])
      expect(await claim("a1", agentWorker.token, { conversationId })).toBeNull();
    const ofAcme = await mint({ tags: ["system:acme"], workspace: "acme", trusted: true });
    const job = await claim("t1", ofAcme.token);
    expect(textOf(job)).toBe("dependency job");
    expect(await claim("t1", ofAcme.token)).toBeNull();
    const ofInstance = await mint({ tags: ["system"], trusted: true });
    expect(textOf(await claim("t2", ofInstance.token))).toBe("flow job");
  });

  it("a row that lists one without trust is refused at the claim as well", async () => {
    const { aliasPath, tokenId } = await mint({ workerId: "w1", withAlias: true });
    await world.t.run(async (ctx) => {
      const row = await ctx.db.query("workerTokens").first();
      if (row) await ctx.db.patch(row._id, { tags: ["system"] });
    });
    const refused = await refusal(claim("w1", credentialOf(aliasPath)));
    expect(refused).toMatchObject({ code: "lane_not_allowed", tokenId });
  });
});

describe("a stolen lease", () => {
  it("is worth nothing to a token of another workspace or lane", async () => {
    await world.send("c1", "secret");
    const owner = await mint({ workspace: "default" });
    const job = await claim("w1", owner.token);
    if (!job) throw new Error("nothing claimed");
    const thieves = [
      ["workspace_mismatch", await mint({ workspace: "evil" })],
      ["lane_not_allowed", await mint({ tags: ["other"] })],
    ] as const;
    const { lib, t } = world;
    const lease = world.lease("w1", job);
    for (const [code, { token: workerToken }] of thieves) {
      const calls = [
        t.mutation(lib.heartbeat, { ...lease, workerToken }),
        t.mutation(lib.renewLease, { ...lease, workerToken }),
        t.mutation(lib.settle, { ...lease, workerToken, outcome: { kind: "complete" } }),
        t.mutation(lib.complete, { ...lease, workerToken }),
        t.mutation(lib.fail, { ...lease, workerToken, errorMessage: "x" }),
      ];
      for (const call of calls) expect((await refusal(call)).code).toBe(code);
      const { messageId, leaseId } = lease;
      const hydration = t.query(lib.getHydrationBundle, {
        messageId,
        leaseId,
        workerId: "w1",
        workspaceId: "default",
        workerToken,
      });
      if (code === "workspace_mismatch") expect((await refusal(hydration)).code).toBe(code);
      else expect(await hydration).toBeNull();
      const asked = { conversationId: "c1", workerToken };
      expect(await t.query(lib.hasQueuedJobsForConversation, asked)).toBe(false);
    }
    expect(await t.mutation(lib.complete, { ...lease, workerToken: owner.token })).toBe(true);
  });
});

describe("listWorkerTokens", () => {
  it("gives the newest first, as many as asked for", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 4; i += 1) ids.unshift((await mint()).tokenId);
    expect((await list()).map((row) => row.tokenId)).toEqual(ids);
    const two = await world.t.query(world.lib.listWorkerTokens, { limit: 2 });
    expect(two.map((row) => row.tokenId)).toEqual(ids.slice(0, 2));
  });
});

describe("last use", () => {
  it("follows registration, idle polls and a busy worker's leases, and outlives the worker", async () => {
    const { token } = await mint();
    expect((await list())[0]?.lastUsedAt).toBeNull();
    await claim("w1", token);
    expect((await list())[0]?.lastUsedAt).toBe(START);
    vi.setSystemTime(START + 4 * MINUTE);
    await claim("w1", token);
    expect((await list())[0]?.lastUsedAt).toBe(START + 4 * MINUTE);
    // A poll that follows within 30 s writes nothing.
    vi.setSystemTime(START + 4 * MINUTE + 20_000);
    await claim("w1", token);
    expect((await list())[0]?.lastUsedAt).toBe(START + 4 * MINUTE);
    await world.send("c1", "hello");
    vi.setSystemTime(START + 7 * MINUTE);
    const job = await claim("w1", token);
    expect((await list())[0]?.lastUsedAt).toBe(START + 7 * MINUTE);
    if (job) await world.complete("w1", job);
    vi.setSystemTime(START + 60 * MINUTE);
    await world.t.mutation(internal.upkeep.sweep, { name: "silentWorkers" });
    expect(await world.t.run((ctx) => ctx.db.query("workers").collect())).toEqual([]);
    expect((await list())[0]?.lastUsedAt).toBe(START + 7 * MINUTE);
    expect(await world.t.run((ctx) => ctx.db.query("workerTokenUses").collect())).toHaveLength(1);
  });
});

describe("refusals", () => {
  const note = (args: { code: string; tokenId?: string }) =>
    world.t.mutation(world.lib.noteWorkerRefusal, { door: "gateway", ...args });

  it("are limited per minute and token, else per code; another token is not affected", async () => {
    await world.t.mutation(world.lib.setPolicies, { policies: { gateway: { refusalsPerMinute: 2 } } });
    const { tokenId } = await mint();
    const code = "worker_token_invalid";
    for (let i = 0; i < 2; i += 1) expect((await note({ code })).limited).toBe(false);
    expect(await note({ code })).toEqual({ limited: true, retryAfterMs: MINUTE });
    expect((await note({ code, tokenId })).limited).toBe(false);
    // A made-up id opens no window of its own.
    expect((await note({ code, tokenId: "made-up" })).limited).toBe(true);
    expect((await note({ code: "no code of ours" })).limited).toBe(false);
    vi.setSystemTime(START + MINUTE);
    expect((await note({ code })).limited).toBe(false);
    vi.setSystemTime(START + 3 * MINUTE);
    expect(await world.t.run((ctx) => sweepRefusals(ctx))).toBe(3);
    expect(await world.t.run((ctx) => ctx.db.query("refusalWindows").collect())).toEqual([]);
  });
});

describe("a bad request", () => {
  it("is answered with all its faults, and mints nothing", async () => {
    const { code, message, ...data } = await refusal(
      mint({ workspace: " ", tags: ["a b"], maxWorkers: 0, withAlias: true, expiresInMs: 1 }),
    );
    expect(code).toBe("invalid_argument");
    expect(data.arguments).toBe("workspace,tags,maxWorkers,withAlias,expiresInMs");
    for (const name of ["workspace", "tags", "maxWorkers", "withAlias", "expiresInMs"])
      expect(message).toContain(name);
    expect(await list()).toEqual([]);
  });
});
