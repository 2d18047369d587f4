/** Faults in the states of conversations and messages, and in how attempts and ends are counted. */
import type { Mutant } from "./mutant.js";

export const ROWS: Mutant[] = [
  {
    name: "a claim takes what is held already",
    replacements: [
      {
        file: "core/queue/claim.ts",
        text: 'conversation.state === "ready" &&\n    (conversation.owner',
        by: "(conversation.owner",
      },
    ],
    rule: /at most one live lease/,
    from: 1_000_004,
  },
  {
    name: "a claim takes what waits out a failure",
    replacements: [
      {
        file: "core/queue/claim.ts",
        text: 'conversation.state === "ready" &&\n    (conversation.owner',
        by: 'conversation.state !== "held" &&\n    (conversation.owner',
      },
    ],
    rule: /is taken from the line alone/,
    from: 1_000_045,
  },
  {
    name: "a claim does not say which lease holds the conversation",
    replacements: [
      { file: "core/queue/claim.ts", text: '    state: "held",\n    lease,\n', by: '    state: "held",\n' },
    ],
    rule: /held by the lease that its row names/,
    from: 0,
  },
  {
    name: "a lease is given for another message than the head",
    replacements: [
      {
        file: "core/queue/claim.ts",
        text: "    message: message._id,\n    worker: scope.workerId,",
        by: '    message: (await ctx.db.query("messageQueue").first())!._id,\n    worker: scope.workerId,',
      },
    ],
    rule: /the lease is for the head/,
    from: 0,
  },
  {
    name: "a claim does not say who holds the conversation",
    replacements: [{ file: "core/queue/claim.ts", text: "    holder: scope.workerId,\n", by: "" }],
    rule: /the holder has the lease/,
    from: 0,
  },
  {
    name: "a lease is ended by whoever names it, held or not",
    replacements: [
      {
        file: "core/queue/lease.ts",
        text: "if (conversation.head !== message || conversation.lease !== lease) return",
        by: "if (conversation.head !== message) return",
      },
    ],
    rule: /a live lease only while held/,
    from: 1_000_046,
  },
  {
    name: "the newest of the waiting messages comes next",
    replacements: [
      {
        file: "core/queue/model.ts",
        text: 'q.eq("conversation", conversation._id).eq("status", "queued"))\n    .first();\n  const cleared',
        by: 'q.eq("conversation", conversation._id).eq("status", "queued"))\n    .order("desc")\n    .first();\n  const cleared',
      },
    ],
    rule: /the head is the oldest queued message/,
    from: 0,
  },
  {
    name: "the next message waits in the lane of the one before",
    replacements: [
      {
        file: "core/queue/model.ts",
        text: "const inLine = await headFields(ctx, conversation, next, await",
        by: "const inLine = await headFields(ctx, conversation, { ...next, lane: conversation.lane }, await",
      },
    ],
    rule: /in the lane of its head/,
    from: 0,
  },
  {
    name: "a failure is not counted",
    replacements: [
      {
        file: "core/queue/model.ts",
        text: "attempts: conversation.attempts + (service ? 0 : 1),",
        by: "attempts: conversation.attempts,",
      },
    ],
    rule: /parked without an attempt/,
    from: 0,
  },
  {
    name: "a retry is counted twice",
    replacements: [
      {
        file: "core/queue/model.ts",
        text: "attempts: conversation.attempts + (service ? 0 : 1),",
        by: "attempts: conversation.attempts + 2,",
      },
    ],
    rule: /attempts counted/,
    from: 0,
  },
  {
    name: "an urgent message does not lift its conversation",
    replacements: [
      {
        file: "core/queue/model.ts",
        text: "message.priority > conversation.priority)",
        by: "message.priority < 0)",
      },
    ],
    rule: /as urgent as its most urgent message/,
    from: 0,
  },
  {
    name: "a message that goes round again keeps its place before those that have ended since",
    replacements: [{ file: "core/queue/requeue.ts", text: "    seq: ctx.db.vars.commitTs,\n", by: "" }],
    rule: /messages end in order of arrival|the head is the oldest/,
    from: 1_000_012,
  },
  {
    name: "keys are not looked up",
    replacements: [{ file: "core/queue/enqueue.ts", text: "if (known) return known._id;", by: "" }],
    rule: /same key/,
    from: 0,
  },
  {
    name: "a message is forgotten as soon as it is done",
    replacements: [
      {
        file: "core/queue/model.ts",
        text: "  if (conversation.head !== undefined) {\n",
        by: '  if (end.status === "done" && conversation.head) await ctx.db.delete(conversation.head);\n  else if (conversation.head !== undefined) {\n',
      },
    ],
    rule: /every accepted message is there once/,
    from: 0,
  },
  {
    name: "a message has one attempt too many",
    replacements: [
      {
        file: "core/queue/settle.ts",
        text: "attempts < conversation.maxAttempts &&",
        by: "attempts <= conversation.maxAttempts &&",
      },
    ],
    rule: /is tried at most/,
    from: 0,
  },
  {
    name: "a message is given up one attempt too early",
    replacements: [
      {
        file: "core/queue/settle.ts",
        text: "attempts < conversation.maxAttempts &&",
        by: "attempts + 1 < conversation.maxAttempts &&",
      },
    ],
    rule: /has used up its attempts/,
    from: 0,
  },
  {
    name: "what is done goes round again",
    replacements: [
      {
        file: "core/queue/deadLetters.ts",
        text: '  if (message.status !== "dead_letter") {\n    throw',
        by: '  if (message.status !== "dead_letter" && message.status !== "done") {\n    throw',
      },
    ],
    rule: /a message that ended stays ended/,
    from: 1_000_002,
  },
  {
    name: "a wait is longer than anybody has patience for",
    replacements: [
      {
        file: "core/queue/model.ts",
        text: "const wakeAt = now + Math.max(conversation.backoffMs, why.waitMs ?? 0);",
        by: "const wakeAt = now + 3_600_000;",
      },
    ],
    rule: /every accepted message ends/,
    from: 0,
  },
];
