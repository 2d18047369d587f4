/**
 * Every public function, with every text and number that it takes replaced in turn by one that fits its validator and means
 * nothing: each answers, or refuses with a code of the table. No list of functions: a new one is called too.
 */
import { makeFunctionReference } from "convex/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as lib from "../../src/component/lib.js";
import schema from "../../src/component/schema.js";
import { errorDataOf } from "../../src/contract/errors.js";
import { createWorld, type World } from "../component/world.js";
import { callsOf, oddCalls, type Known } from "../taint/arguments.js";

interface Registered {
  isQuery?: boolean;
  isMutation?: boolean;
  exportArgs(): string;
}
const functions = Object.entries(lib as unknown as Record<string, Registered>);

let world: World;
beforeEach(() => {
  for (const level of ["warn", "error"] as const)
    vi.spyOn(console, level).mockImplementation(() => undefined);
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("refused", { status: 401 })));
  vi.stubEnv("CONVEX_CLOUD_URL", "https://happy-animal-123.convex.cloud");
  vi.stubEnv("CONVEX_SITE_URL", "https://happy-animal-123.convex.site");
  world = createWorld();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

/** Null for an answer and for a refusal with a code; else what it threw. */
async function faultOf(name: string, fn: Registered, args: Record<string, unknown>): Promise<string | null> {
  const path = `lib:${name}`;
  try {
    if (fn.isQuery) await world.t.query(makeFunctionReference<"query">(path), args);
    else if (fn.isMutation) await world.t.mutation(makeFunctionReference<"mutation">(path), args);
    else await world.t.action(makeFunctionReference<"action">(path), args);
    return null;
  } catch (error) {
    return errorDataOf(error) === null ? String(error).slice(0, 300) : null;
  }
}

/** Rows with a number that is none: no index orders it, no sum survives it. */
async function unorderedRows(): Promise<string[]> {
  const holds = (value: unknown): boolean =>
    typeof value === "object" && value !== null ? Object.values(value).some(holds) : Number.isNaN(value);
  const tables = Object.keys(schema.tables) as (keyof typeof schema.tables)[];
  return await world.t.run(async (ctx) => {
    const found: string[] = [];
    for (const table of tables)
      for (const row of await ctx.db.query(table).collect())
        if (holds(row)) found.push(`${table}: ${JSON.stringify(row)}`);
    return found;
  });
}

/** Names of things that exist, so that a call with one odd value gets past the others. */
async function existing(): Promise<{ known: Known; ofAnotherTable: string }> {
  const { t } = world;
  const agentId = await world.agent();
  const { tokenId } = await t.mutation(world.lib.createAgentWorkerToken, {});
  await world.send("c1", "one");
  const held = await world.mustClaim("w1");
  await t.mutation(world.lib.bindUserAgent, { consumerUserId: "u1", agentKey: "default" });
  const templateId = await t.mutation(world.lib.createPushTemplate, {
    companyId: "default",
    templateKey: "k",
    title: "t",
    text: "t",
    periodicity: "manual",
    suggestedTimes: [],
    actorUserId: "u1",
  });
  const jobId = await t.mutation(world.lib.createPushJobFromTemplate, {
    companyId: "default",
    consumerUserId: "u1",
    templateId,
    timezone: "Europe/Rome",
  });
  return {
    known: {
      workerId: "w1",
      conversationId: "c1",
      agentKey: "default",
      messageId: held.messageId,
      leaseId: held.leaseId,
      workspaceId: "default",
      companyId: "default",
      consumerUserId: "u1",
      timezone: "Europe/Rome",
      time: "09:00",
      workerToken: undefined,
      templateId,
      jobId,
      tokenId,
    },
    ofAnotherTable: agentId,
  };
}

describe("a value that fits and means nothing", () => {
  it.each(functions)("%s answers or refuses with a code", async (name, fn) => {
    const { known, ofAnotherTable } = await existing();
    const faults: string[] = [];
    const usual = callsOf(fn.exportArgs(), known);
    const odd = oddCalls(fn.exportArgs(), known, [
      ofAnotherTable,
      "not an id",
      "",
      "\u0000",
      "x".repeat(2_000),
    ]);
    for (const { field, value, args } of odd) {
      const fault = await faultOf(name, fn, args);
      if (fault !== null) faults.push(`${field}=${String(value).slice(0, 40)}: ${fault}`);
    }
    for (const args of usual) {
      const fault = await faultOf(name, fn, args);
      if (fault !== null) faults.push(`usual: ${fault}`);
    }
    expect(faults).toEqual([]);
    expect(await unorderedRows()).toEqual([]);
  });
});
