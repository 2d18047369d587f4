/** Faults about who is alive: conversations of workers that go, come back changed, or come twice. */
import { RETURNS_FROM } from "../plan.js";
import type { Mutant } from "./mutant.js";

export const LIVES: Mutant[] = [
  {
    name: "a dead owner keeps its conversation",
    replacements: [
      { file: "core/workers/silent.ts", text: "  await freeBound(ctx, worker);\n", by: "" },
      {
        file: "core/queue/reap.ts",
        text: "const freed = await freeConversation(ctx, held, lease.worker);",
        by: "const freed = held === null;",
      },
    ],
    rule: /belongs to nobody alive/,
    from: RETURNS_FROM + 12,
  },
  {
    name: "a worker that was away for minutes has lost what it held",
    replacements: [
      {
        file: "core/workers/silent.ts",
        text: "if (!worker.binding) return await removeWorker(ctx, worker);",
        by: 'if (worker.workerId !== "") return await removeWorker(ctx, worker);',
      },
    ],
    rule: /may save .* when it is back/,
    from: RETURNS_FROM + 10,
  },
  {
    name: "a second process under one id is let in",
    replacements: [
      {
        file: "core/workers/meet.ts",
        text: "if (worker.instance === undefined || worker.instance === instance) return null;",
        by: "if (worker.instance !== null) return null;",
      },
    ],
    rule: /while .* holds work under the same id/,
    from: RETURNS_FROM + 44,
  },
  {
    name: "a worker is not missed before its first idle poll",
    replacements: [
      {
        file: "core/workers/meet.ts",
        text: "  await noteIdlePoll(ctx, coming.workerId, lease.staleAfterMs, grant.tokenId ?? undefined);\n",
        by: "",
      },
    ],
    rule: /belongs to nobody alive/,
    from: RETURNS_FROM + 12,
  },
  {
    name: "a silent owner keeps its conversation",
    replacements: [{ file: "core/workers/silent.ts", text: "  await freeBound(ctx, worker);\n", by: "" }],
    rule: /belongs to nobody alive/,
    from: RETURNS_FROM + 12,
  },
  {
    name: "an owner that does not serve the lane keeps its conversation",
    replacements: [
      {
        file: "core/workers/tend.ts",
        text: "!mayGiveWay(worker.binding, Date.now())",
        by: "!mayGiveWay(worker.binding, 0)",
      },
    ],
    rule: /nobody takes it/,
    from: RETURNS_FROM + 38,
  },
  {
    name: "a worker that comes back without memory keeps its conversation",
    replacements: [
      {
        file: "core/workers/meet.ts",
        text: "if (worker.binding && !keepsItsDisk(worker, coming)) await unbindWorker(ctx, worker);",
        by: "keepsItsDisk(worker, coming);",
      },
    ],
    rule: /which has no memory/,
    from: RETURNS_FROM + 58,
  },
  {
    name: "a lost answer is repeated with the job of another process",
    replacements: [
      {
        file: "core/queue/claim.ts",
        text: `if (lease?.state !== "live" || lease.after !== scope.after)`,
        by: `if (lease?.state !== "live")`,
      },
    ],
    rule: /is given to two processes/,
    from: RETURNS_FROM + 24,
  },
];
