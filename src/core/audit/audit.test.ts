import { describe, expect, it, vi } from "vitest";
import { checkChain, type Verdict } from "../../../scripts/audit/checkChain.js";
import { useWorld } from "../../../test/component/world.js";
import { conflicts, describeConflicts, type Footprint } from "../../../test/conflicts/footprint.js";
import { recordFootprint } from "../../../test/conflicts/recorder.js";
import { errorDataOf } from "../../contract/errors.js";
import { AUDIT_GENESIS_HASH, type AuditEntry } from "../../contract/audit.js";
import { internal } from "../../component/_generated/api.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import schema from "../../component/schema.js";
import { recordAct } from "./record.js";
import { sealAudit } from "./seal.js";
import { noteSecretRead, recordRefusal } from "./tally.js";
import { sweepAudit } from "./truncate.js";

const world = useWorld();
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const act = (subject: string) =>
  world.t.run((ctx) => recordAct(ctx, { kind: "token.minted", actor: "host", subject }));
const refuse = (reason: string, subject?: string) =>
  world.t.mutation(world.lib.recordRefusal, { door: "gateway", reason, subject });
const head = () => world.t.query(world.lib.auditHead, {});
/** What the cron does, until nothing is left. */
async function seal() {
  await world.t.run((ctx) => sealAudit(ctx));
  await world.pass(2_000);
}

/** Every page, as the lines that an operator would keep. */
async function exported(limit = 500): Promise<{ lines: string[]; entries: AuditEntry[] }> {
  const lines: string[] = [];
  const entries: AuditEntry[] = [];
  for (let after: number | null = 0; after !== null;) {
    const page: { anchor: object; entries: AuditEntry[]; nextAfterSeq: number | null } = await world.t.query(
      world.lib.exportAudit,
      { afterSeq: after, limit },
    );
    entries.push(...page.entries);
    lines.push(...[page.anchor, ...page.entries].map((row) => JSON.stringify(row)));
    after = page.nextAfterSeq;
  }
  return { lines, entries };
}
const verdict = async (): Promise<Verdict> =>
  await checkChain((await exported(7)).lines, { head: (await head()).head });

describe("sealing", () => {
  it("numbers and chains what was recorded; the export verifies offline, in pages too", async () => {
    for (const subject of ["a", "b", "c"]) await act(subject);
    expect(await head()).toEqual({
      head: { seq: 0, hash: AUDIT_GENESIS_HASH },
      anchor: { seq: 0, hash: AUDIT_GENESIS_HASH },
      unsealed: 3,
      unsealedCapped: false,
    });
    await seal();
    expect(await head()).toMatchObject({ head: { seq: 3 }, unsealed: 0 });
    const { entries } = await exported(2);
    expect(entries.map(({ seq, subject }) => [seq, subject])).toEqual([
      [1, "a"],
      [2, "b"],
      [3, "c"],
    ]);
    expect(await verdict()).toMatchObject({ ok: true, entries: 3 });
  });

  it("is one step at a time however often the cron asks, and goes on by itself while rows remain", async () => {
    await world.t.run(async (ctx) => {
      for (let i = 0; i < 250; i += 1)
        await recordAct(ctx, { kind: "token.minted", actor: "host", subject: String(i) });
    });
    const scheduled = [];
    for (let i = 0; i < 3; i += 1) scheduled.push(await world.t.run((ctx) => sealAudit(ctx)));
    expect(scheduled).toEqual([1, 0, 0]);
    await world.pass(2_000);
    expect(await head()).toMatchObject({ head: { seq: 250 }, unsealed: 0 });
    expect(await verdict()).toMatchObject({ ok: true, entries: 250 });
    expect(await world.t.run((ctx) => sealAudit(ctx))).toBe(0);
  });

  it("starts again when a step was lost", async () => {
    await act("a");
    await world.t.run((ctx) => sealAudit(ctx));
    await world.t.run(async (ctx) => {
      for (const row of await ctx.db.system.query("_scheduled_functions").collect())
        await ctx.scheduler.cancel(row._id);
    });
    await seal();
    expect(await head()).toMatchObject({ head: { seq: 1 } });
  });

  it("gives a late row a later number and leaves what is sealed as it was", async () => {
    await act("early");
    await seal();
    const before = (await exported()).entries;
    await world.t.run((ctx) =>
      ctx.db.insert("auditLog", { at: 1, kind: "token.minted", actor: "host", subject: "late" }),
    );
    await seal();
    const after = (await exported()).entries;
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.at(-1)).toMatchObject({ seq: before.length + 1, subject: "late", at: 1 });
    expect(await verdict()).toMatchObject({ ok: true });
  });

  it("neither makes those who record retry nor is made to retry by them", async () => {
    for (const subject of ["a", "b"]) await act(subject);
    await refuse("worker_token_invalid");
    vi.advanceTimersByTime(2 * MINUTE_MS);
    const step = await footprint((ctx) => ctx.runMutation(internal.upkeep.sealAuditStep, {}));
    const others = [
      await footprint((ctx) => recordAct(ctx, { kind: "a.b", actor: "x", subject: "y" })),
      await footprint((ctx) => recordRefusal(ctx, { door: "gateway", reason: "worker_token_invalid" })),
      await footprint((ctx) => noteSecretRead(ctx, "w1", ["telegram.botToken"])),
    ];
    for (const other of others) {
      expect(describeConflicts(conflicts(step, other))).toEqual([]);
      expect(describeConflicts(conflicts(other, step))).toEqual([]);
    }
    // The recorder does see conflicts: two steps cannot both win.
    expect(conflicts(step, step)).not.toEqual([]);
  });

  it.each([
    ["changed", { subject: "somebody else" }],
    ["renumbered", { seq: 9 }],
    ["moved in time", { at: 5 }],
  ])("an entry %s in the database is found offline", async (_, change) => {
    for (const subject of ["a", "b", "c", "d"]) await act(subject);
    await seal();
    await world.t.run(async (ctx) => {
      const row = (await ctx.db.query("auditLog").collect()).find(({ seq }) => seq === 2);
      if (row) await ctx.db.patch(row._id, change);
    });
    expect((await verdict()).ok).toBe(false);
  });

  it("an entry deleted or slipped into the database is found offline", async () => {
    for (const subject of ["a", "b", "c", "d"]) await act(subject);
    await seal();
    const rowAt = (number: number) =>
      world.t.run(async (ctx) =>
        (await ctx.db.query("auditLog").collect()).find(({ seq }) => seq === number),
      );
    const third = await rowAt(3);
    await world.t.run((ctx) => ctx.db.delete(third!._id));
    expect(await checkChain((await exported()).lines)).toMatchObject({ ok: false });
    const { _id, _creationTime, ...fields } = third!;
    await world.t.run((ctx) => ctx.db.insert("auditLog", { ...fields, subject: "forged" }));
    expect(await checkChain((await exported()).lines)).toMatchObject({ ok: false });
  });
});

/** What a transaction reads and writes; it is rolled back. */
async function footprint(transaction: (ctx: MutationCtx) => Promise<unknown>): Promise<Footprint> {
  const recorded = await recordFootprint(schema, () =>
    world.t.mutation(async (ctx) => {
      await transaction(ctx);
      throw new Error("rolled back");
    }),
  );
  return recorded.footprint;
}

describe("retention", () => {
  it("cuts the front only; what is left verifies from the anchor, and the newest entry stays", async () => {
    for (const subject of ["a", "b"]) await act(subject);
    await seal();
    vi.advanceTimersByTime(200 * DAY_MS);
    for (const subject of ["c", "d"]) await act(subject);
    await seal();
    expect(await world.t.run((ctx) => sweepAudit(ctx))).toBe(0);
    vi.advanceTimersByTime(201 * DAY_MS);
    const sealed = await head();
    expect(await world.t.run((ctx) => sweepAudit(ctx))).toBe(2);
    expect(await head()).toMatchObject({ head: sealed.head, anchor: { seq: 2 } });
    expect((await exported()).entries.map(({ seq }) => seq)).toEqual([3, 4]);
    const { anchor } = await head();
    expect(await checkChain((await exported()).lines, { anchor, head: sealed.head })).toMatchObject({
      ok: true,
      entries: 2,
    });
    vi.advanceTimersByTime(400 * DAY_MS);
    await act("e");
    await seal();
    expect(await world.t.run((ctx) => sweepAudit(ctx))).toBe(2);
    expect(await world.t.run((ctx) => sweepAudit(ctx))).toBe(0);
    expect((await exported()).entries).toMatchObject([{ seq: 5, subject: "e" }]);
    expect(await verdict()).toMatchObject({ ok: true, entries: 1 });
  });
});

describe("lines", () => {
  it("of administrative operations say who, what and about what", async () => {
    const { lib, t } = world;
    await t.mutation(lib.recordAdminOperation, {
      operation: "setPolicies",
      userId: "alice",
      scope: { agentKey: "a" },
    });
    await t.mutation(lib.recordAdminOperation, { operation: "importSecret", userId: null });
    await seal();
    expect((await exported()).entries).toMatchObject([
      { kind: "admin.operation", actor: "user:alice", subject: "setPolicies", detail: { agentKey: "a" } },
      { kind: "admin.operation", actor: "operator", subject: "importSecret" },
    ]);
  });

  it("stay small: long texts are cut between characters", async () => {
    await act("🔑".repeat(2_000));
    const [row] = await world.t.run((ctx) => ctx.db.query("auditLog").collect());
    expect(row!.subject.length).toBeLessThanOrEqual(1_000);
    expect(row!.subject).toBe(`${"🔑".repeat(499)}…`);
  });
});

describe("bad input", () => {
  it.each([{ limit: 0 }, { limit: 501 }, { limit: 1.5 }, { afterSeq: -1 }, { afterSeq: Number.NaN }])(
    "exportAudit refuses %j",
    async (args) => {
      const error: unknown = await world.t
        .query(world.lib.exportAudit, args)
        .catch((thrown: unknown) => thrown);
      expect(errorDataOf(error)?.code).toBe("invalid_argument");
    },
  );
  it("an export from beyond the end is empty", async () => {
    await act("a");
    await seal();
    const page = await world.t.query(world.lib.exportAudit, { afterSeq: 50 });
    expect(page).toMatchObject({ anchor: page.head, entries: [], nextAfterSeq: null });
  });
});
