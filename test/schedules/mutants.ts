/** Faults that the schedules must find: each is the real source with one or two texts of it replaced. */
import type { Replacement } from "./component.js";
import { LIFE_MUTANTS, RARE_LIFE_MUTANTS } from "./lifeMutants.js";

export interface Mutant {
  name: string;
  replacements: Replacement[];
  /** What the violation says. */
  rule: RegExp;
  /** A seed that is known to find it, so that the test need not try all before it. */
  from: number;
}

const STALE = `, { useStaleSnapshot: true }`;

export const MUTANTS: Mutant[] = [
  ...LIFE_MUTANTS,
  {
    name: "enqueue relies on a stale read of the conversation",
    replacements: [
      {
        file: "core/queue/enqueue.ts",
        text: "  const conversation = await findConversation(ctx, args.conversationId);",
        by: `  const conversation = await ctx.runQuery(internal.queue.findConversationStale as never, { conversationId: args.conversationId } as never${STALE} as never) as Doc<"conversations"> | null;`,
      },
      ...staleQuery(
        "core/queue/discover.ts",
        "conversationStale",
        "{ conversationId: v.string() }",
        `(await ctx.db.query("conversations").withIndex("by_conversationId", (q) => q.eq("conversationId", args.conversationId)).unique())`,
      ),
      {
        file: "component/queue.ts",
        text: "export const isReapArmed =",
        by: "export const findConversationStale = internalQuery(discoverFile.conversationStale);\nexport const isReapArmed =",
      },
    ],
    rule: /idle if and only if|one row|unique/,
    from: 5,
  },
  {
    name: "advance relies on a stale read of the next message",
    replacements: [
      {
        file: "core/queue/model.ts",
        text: `  const next = await ctx.db
    .query("messageQueue")
    .withIndex("by_conversation", (q) => q.eq("conversation", conversation._id).eq("status", "queued"))
    .first();`,
        by: `  const seen = await ctx.runQuery(internal.queue.findNextStale as never, { conversation: conversation._id, not: conversation.head } as never${STALE} as never) as Message | null;
  const next = seen && await ctx.db.get(seen._id);`,
      },
      ...staleQuery(
        "core/queue/discover.ts",
        "nextStale",
        "{ conversation: v.any(), not: v.any() }",
        `(await ctx.db.query("messageQueue").withIndex("by_conversation", (q) => q.eq("conversation", args.conversation).eq("status", "queued")).collect()).find(({ _id }) => _id !== args.not) ?? null`,
      ),
      {
        file: "component/queue.ts",
        text: "export const isReapArmed =",
        by: "export const findNextStale = internalQuery(discoverFile.nextStale);\nexport const isReapArmed =",
      },
    ],
    rule: /idle if and only if/,
    from: 3,
  },
  {
    name: "arrivals rely on a look that has begun, and nobody confirms",
    replacements: [
      { file: "core/queue/alarms.ts", text: "const TOO_NEAR_MS = 100;", by: "const TOO_NEAR_MS = 0;" },
      { file: "core/queue/pass.ts", text: "else if (!confirming)", by: "else if (confirming === null)" },
    ],
    rule: /nobody will look/,
    from: 1,
  },
  {
    name: "a look deletes alarms that it did not see",
    replacements: [
      {
        file: "core/queue/pass.ts",
        text: "  for (const id of seen.alarms) await takeAlarm(ctx, id);",
        by: `  for (const { _id } of await ctx.db.query("alarms").withIndex("by_kind", (q) => q.eq("kind", "look")).collect())
    await takeAlarm(ctx, _id);
  for (const id of seen.alarms) await takeAlarm(ctx, id);`,
      },
    ],
    rule: /nobody will look|planned too late|nobody has looked/,
    from: 1,
  },
  {
    name: "nobody confirms",
    replacements: [
      { file: "core/queue/pass.ts", text: "else if (!confirming)", by: "else if (confirming === null)" },
    ],
    rule: /nobody will look/,
    from: 263,
  },
  {
    name: "looks do not go on while something waits",
    replacements: [
      {
        file: "core/queue/pass.ts",
        text: "else if (lanes.length > 0) {",
        by: "else if (lanes.length > 0) return;\n  else if (lanes.length < 0) {",
      },
    ],
    rule: /nobody will look|planned too late/,
    from: 0,
  },
  {
    name: "while workers come, a line is published without the look that it promises",
    replacements: [
      {
        file: "core/queue/pass.ts",
        text: "    await planLook(ctx, until);\n    if (growing) await",
        by: "    if (!growing) await planLook(ctx, until);\n    else await",
      },
    ],
    rule: /planned too late|nobody will look/,
    from: 0,
  },
  {
    name: "nobody is rung",
    replacements: [
      {
        file: "core/workers/wakeRing.ts",
        text: `if (expected !== "onItsWay")`,
        by: `if (expected === "again")`,
      },
    ],
    rule: /although .* listens/,
    from: 0,
  },
  {
    name: "the reaper sets no next alarm",
    replacements: [
      {
        file: "core/queue/handledAlarms.ts",
        text: "  if (set === null) await setReapAlarm(ctx, at);",
        by: "  if (set === undefined) await setReapAlarm(ctx, at);",
      },
    ],
    rule: /the net has nothing to repair/,
    from: 25,
  },
  {
    name: "leases are not compared",
    replacements: [
      {
        file: "core/queue/lease.ts",
        text: `  if (conversation.head !== message || conversation.lease !== lease) return { kind: "gone", lease, message };
  requireReach(grant, conversation);`,
        by: `  if (!conversation.head || !conversation.lease) return { kind: "foreign" };
  if (conversation.state === "held")
    return { kind: "held", conversation, lease: conversation.lease, message: conversation.head };`,
      },
    ],
    rule: /ends its own lease|its message is done|is ended by the lease/,
    from: 17,
  },
  {
    name: "keys are not looked up",
    replacements: [{ file: "core/queue/enqueue.ts", text: "if (known) return known._id;", by: "" }],
    rule: /same key/,
    from: 0,
  },
  {
    name: "keys are looked up on a stale snapshot",
    replacements: [
      {
        file: "core/queue/enqueue.ts",
        text: "const known = await findByKey(ctx, agent.workspace, args.idempotencyKey);",
        by: `const known = await ctx.runQuery(internal.queue.findKeyStale as never, { workspace: agent.workspace, key: args.idempotencyKey } as never${STALE} as never) as Doc<"messageQueue"> | null;`,
      },
      ...staleQuery(
        "core/queue/discover.ts",
        "keyStale",
        "{ workspace: v.string(), key: v.string() }",
        `(await ctx.db.query("messageQueue").withIndex("by_key", (q) => q.eq("workspace", args.workspace).eq("key", args.key)).first())`,
      ),
      {
        file: "component/queue.ts",
        text: "export const isReapArmed =",
        by: "export const findKeyStale = internalQuery(discoverFile.keyStale);\nexport const isReapArmed =",
      },
    ],
    rule: /same key/,
    from: 0,
  },
  {
    name: "an early timer is dropped",
    replacements: [
      {
        file: "core/queue/wake.ts",
        text: `    await ctx.scheduler.runAt(row.dueAt, internal.queue.admitMessage, { message: id });
    return false;`,
        by: "    return false;",
      },
      {
        file: "core/queue/enqueue.ts",
        text: "await ctx.scheduler.runAt(dueAt, internal.queue.admitMessage",
        by: "await ctx.scheduler.runAt(dueAt - 2, internal.queue.admitMessage",
      },
    ],
    rule: /the net has nothing to repair/,
    from: 3,
  },
];

/** A query that the mutant needs for reading on a stale snapshot. */
/** Chance finds these seldom: they are looked for in the long run alone. */
export const RARE_MUTANTS: Mutant[] = [
  ...RARE_LIFE_MUTANTS,
  {
    name: "a lease is ended by whoever names it, held or not",
    replacements: [
      {
        file: "core/queue/lease.ts",
        text: `  if (conversation.head !== message || conversation.lease !== lease) return { kind: "gone", lease, message };`,
        by: `  if (conversation.head !== message) return { kind: "gone", lease, message };`,
      },
    ],
    rule: /live lease|held by the lease|ends its own lease|refused|stays ended|attempts/,
    from: 17,
  },
];

function staleQuery(file: string, name: string, args: string, body: string): Replacement[] {
  return [
    {
      file,
      text: "export const armed = asQuery(",
      by: `export const ${name} = asQuery({ args: ${args}, returns: v.any() })(async (ctx, args) => ${body});\nexport const armed = asQuery(`,
    },
  ];
}
