/** Faults that lose a wake-up, or a timer. */
import type { Mutant } from "./mutant.js";

export const LOOKS: Mutant[] = [
  {
    name: "arrivals rely on a look that has begun, and nobody confirms",
    replacements: [
      { file: "core/line/alarms.ts", text: "const TOO_NEAR_MS = 100;", by: "const TOO_NEAR_MS = 0;" },
      { file: "core/queue/pass.ts", text: "else if (!confirming)", by: "else if (confirming === null)" },
    ],
    rule: /nobody will look/,
    from: 2_000_023,
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
    from: 2_000_009,
  },
  {
    name: "nobody confirms",
    replacements: [
      { file: "core/queue/pass.ts", text: "else if (!confirming)", by: "else if (confirming === null)" },
    ],
    rule: /nobody will look/,
    from: 2_000_023,
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
    name: "the first look is long in coming",
    replacements: [
      {
        file: "core/line/alarms.ts",
        text: "FIRST_LOOK_AFTER_MS = 100;",
        by: "FIRST_LOOK_AFTER_MS = 9_000;",
      },
    ],
    rule: /the look is planned too late/,
    from: 0,
  },
  {
    name: "a look finds its alarm gone, whoever took it",
    replacements: [
      {
        file: "core/queue/pass.ts",
        text: "if (alarm !== undefined && own === null) return null;",
        by: "if (alarm !== undefined) return null;",
      },
    ],
    rule: /nobody will look|nobody has looked/,
    from: 0,
  },
  {
    name: "confirming goes on for ever",
    replacements: [{ file: "core/queue/pass.ts", text: "} else if (!confirming)", by: "} else" }],
    rule: /nobody looks when nothing waits/,
    from: 0,
  },
  {
    name: "an alarm is set that nobody comes for",
    replacements: [
      {
        file: "core/queue/handledAlarms.ts",
        text: '{ kind: "look", at });\n',
        by: '{ kind: "look", at });\n  await ctx.db.insert("alarms", { kind: "look", at: at + 3_600_000 });\n',
      },
    ],
    rule: /no alarm is left behind/,
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
  {
    name: "a timer trips over what somebody else has done meanwhile",
    replacements: [
      {
        file: "core/queue/wake.ts",
        text: "row.wakeAt === undefined || row.head === undefined) return false;",
        by: 'row.wakeAt === undefined || row.head === undefined) throw new Error("not in backoff");',
      },
    ],
    rule: /: scheduled /,
    from: 1_000_031,
  },
];
