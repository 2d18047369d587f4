/** No table grows for ever: each is emptied by a sweep, or what bounds it is said here. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { internal } from "../../src/component/_generated/api.js";
import schema from "../../src/component/schema.js";
import { looks, type SweepName } from "../../src/core/upkeep/looks.js";
import { createWorld, type World } from "../component/world.js";
import { STATES } from "./states.js";

type Table = keyof typeof schema.tables;

/** Why a table that no sweep empties does not grow with what passes through the system. */
const BOUNDS: Partial<Record<Table, string>> = {
  conversations: "one per chat: its identity",
  conversationIdentities: "one per user and agent, and per chat",
  identityBindings: "one per change of a user's agent",
  agentProfiles: "what operators configured",
  runtimeConfig: "two rows",
  connections: "32 per workspace",
  messagePushTemplates: "what operators wrote",
  messageTemplates: "what operators wrote",
  messagePushJobs: "what users planned and did not delete",
  globalSkills: "what operators deployed",
  globalSkillVersions: "the newest releases of each skill",
  globalSkillFiles: "those of the versions",
  globalSkillReleases: "the newest of each skill and channel",
  masterKeys: "one, unless an operator adds more",
  rewrapRuns: "one row",
  auditChain: "one row",
  channelAccounts: "one per account",
  channelCredentials: "one per secret ref",
  webhookSecrets: "five per account",
  blockedChats: "one per chat that blocks an account",
  workerTokens: "each new one deletes eight that expired 30 days ago",
  workerTokenUses: "the newest of each token",
  workerSeats: "those of workers that are there",
  alarms: "deleted by their handlers",
  lines: "deleted by looks",
  fleetWakes: "deleted by their handlers",
  fleetNotes: "deleted by passes",
  fleetFences: "two rows",
  fleetState: "one row",
  quarantinedVolumes: "deleted here when they are gone at the provider",
  orphans: "deleted when collected, or no longer listed",
};

let world: World;
beforeEach(() => {
  world = createWorld();
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const tables = Object.keys(schema.tables) as Table[];
const rowsOf = (table: Table) =>
  world.t.run(async (ctx) => (await ctx.db.query(table).collect()).map(({ _id }): string => _id));

it("each table is emptied by a sweep or has a bound, and none has both", async () => {
  const now = Date.now();
  for (const { make } of STATES) await world.t.run((ctx) => make(ctx, now));
  const before = new Map<Table, string[]>();
  for (const table of tables) before.set(table, await rowsOf(table));
  // What a sweep ends it deletes later, and tallies are folded by a step of its own.
  for (const day of [0, 31, 500, 1_000, 1_500]) {
    vi.setSystemTime(now + day * 86_400_000);
    for (const name of Object.keys(looks) as SweepName[])
      await world.t.mutation(internal.upkeep.sweep, { name });
    await world.pass(1_000, 500);
  }
  const swept: Table[] = [];
  for (const table of tables) {
    const left = new Set(await rowsOf(table));
    if (before.get(table)?.some((id) => !left.has(id))) swept.push(table);
  }
  expect([...swept, ...Object.keys(BOUNDS)].sort()).toEqual([...tables].sort());
}, 60_000);
