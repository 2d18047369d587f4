/** Faults of reading on a stale snapshot what must be read for real. */
import type { Replacement } from "../component.js";
import type { Mutant } from "./mutant.js";

const STALE_READ = `, { useStaleSnapshot: true }`;

/** A query that the mutant needs for reading on a stale snapshot. */
function staleQuery(file: string, name: string, args: string, body: string): Replacement[] {
  return [
    {
      file,
      text: "export const armed = asQuery(",
      by: `export const ${name} = asQuery({ args: ${args}, returns: v.any() })(async (ctx, args) => ${body});\nexport const armed = asQuery(`,
    },
  ];
}

export const STALE: Mutant[] = [
  {
    name: "enqueue relies on a stale read of the conversation",
    replacements: [
      {
        file: "core/queue/enqueue.ts",
        text: "  const conversation = await findConversation(ctx, args.conversationId);",
        by: `  const conversation = await ctx.runQuery(internal.queue.findConversationStale as never, { conversationId: args.conversationId } as never${STALE_READ} as never) as Doc<"conversations"> | null;`,
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
        by: `  const seen = await ctx.runQuery(internal.queue.findNextStale as never, { conversation: conversation._id, not: conversation.head } as never${STALE_READ} as never) as Message | null;
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
    name: "keys are looked up on a stale snapshot",
    replacements: [
      {
        file: "core/queue/enqueue.ts",
        text: "const known = await findByKey(ctx, agent.workspace, args.idempotencyKey);",
        by: `const known = await ctx.runQuery(internal.queue.findKeyStale as never, { workspace: agent.workspace, key: args.idempotencyKey } as never${STALE_READ} as never) as Doc<"messageQueue"> | null;`,
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
];
