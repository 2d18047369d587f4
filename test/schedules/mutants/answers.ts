/** Faults in what workers and hosts are told. */
import type { Mutant } from "./mutant.js";

export const ANSWERS: Mutant[] = [
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
    from: 1,
  },
  {
    name: "an answer that is repeated names the lease that has ended",
    replacements: [
      {
        file: "core/queue/claim.ts",
        text: "    lease: lease._id,\n    expiresAt,\n    runtime,\n    wish,\n    worker: scope.workerId,\n  });\n}\n\ninterface Hold",
        by: "    lease: scope.after ?? lease._id,\n    expiresAt,\n    runtime,\n    wish,\n    worker: scope.workerId,\n  });\n}\n\ninterface Hold",
      },
    ],
    rule: /is given the lease's message/,
    from: 1_000_014,
  },
  {
    name: "a job is hydrated for another agent",
    replacements: [
      {
        file: "core/queue/hydrate.ts",
        text: "const agent = await findAgent(ctx, conversation.agentKey);",
        by: "const agent = await findAgent(ctx, conversation.conversationId);",
      },
    ],
    rule: /hydration works/,
    from: 0,
  },
  {
    name: "a retry is called the first attempt",
    replacements: [
      {
        file: "core/queue/claim.ts",
        text: "attempt: (conversation.failing?.count ?? conversation.attempts) + 1,",
        by: "attempt: 1,",
      },
    ],
    rule: /the attempt number/,
    from: 0,
  },
  {
    name: "a lease is renewed in its first half alone",
    replacements: [
      {
        file: "core/queue/heartbeat.ts",
        text: "lease.message !== message) return null;",
        by: "lease.message !== message || lease.expiresAt - Date.now() < lease.leaseMs / 2) return null;",
      },
    ],
    rule: /is refused although its lease is in force/,
    from: 7,
  },
  {
    name: "a late answer is accepted and not written down",
    replacements: [
      {
        file: "core/queue/late.ts",
        text: '    await ctx.db.patch(message._id, { status: "done", lastError: undefined });\n',
        by: "",
      },
    ],
    rule: /was told that its message is done/,
    from: 1_000_036,
  },
  {
    name: "nobody knows which lease ended a message",
    replacements: [
      {
        file: "core/queue/model.ts",
        text: "endedBy: end.lease,",
        by: 'endedBy: end.status === "done" ? undefined : end.lease,',
      },
    ],
    rule: /is ended by the lease that was accepted/,
    from: 0,
  },
  {
    name: "a fail is acknowledged and its lease goes on",
    replacements: [
      {
        file: "core/queue/settle.ts",
        text: '  await ctx.db.patch(lease, { state: "ended", seenAt: Date.now() });\n  const wanted',
        by: "  const wanted",
      },
    ],
    rule: /a live lease only while held|a fail that is accepted/,
    from: 0,
  },
];
