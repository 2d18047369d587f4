import { formatTable } from "../demo/timeline.js";
import { planTraffic } from "../demo/traffic.js";
import { CallErrors, codeOf } from "./calls.js";
import { Ledger } from "./ledger.js";
import { LoopWorker, type Job, type LoopParts } from "./loops.js";
import type { LoadOptions } from "./options.js";
import { sendAll } from "./send.js";
import type { Stage } from "./stage.js";
import { attemptsOf, readStatistics, resetStatistics } from "./statistics.js";
import { countersOf } from "./table.js";

/** The last line of `--instant`. `null`: cannot be known of this deployment. */
export interface InstantFigures {
  claims: number;
  /** Claims that got a message. */
  claimed: number;
  /** Of the claims alone. */
  attempts: number | null;
  worstAttempts: number | null;
  errorsToCallers: number;
}

/**
 * One message in each conversation, then one claim of each worker, all sent at one instant. Every worker has polled before,
 * so its connection is open and the deployment knows that it is there. Afterwards all messages are answered.
 */
export async function runInstant(
  stage: Stage,
  options: LoadOptions,
  signal: AbortSignal,
): Promise<{ ok: boolean; table: string; json: InstantFigures }> {
  const planned = planTraffic(options.conversations, options.conversations).first;
  const errors = new CallErrors();
  const parts: LoopParts = { ledger: new Ledger(planned), errors, signal };
  const workers = stage.seats.map((seat) => new LoopWorker(stage, seat, parts));
  for (const worker of workers) await worker.claim();
  await sendAll(stage, planned, undefined, parts);

  await resetStatistics(stage.deployment);
  const refused = new CallErrors();
  const claims = await Promise.all(
    workers.map((worker) =>
      worker.claim().catch((error: unknown): null => {
        signal.throwIfAborted();
        refused.count(codeOf(error));
        return null;
      }),
    ),
  );
  const counted = await readStatistics(stage.deployment);
  const ofClaims = counted && {
    ...counted,
    functions: counted.functions.filter(({ function: name }) => /claim$/i.test(name)),
  };
  const attempts = ofClaims && attemptsOf(ofClaims);
  const held = claims.filter((job): job is Job => job !== null);
  for (const [place, job] of claims.entries()) if (job !== null) await workers[place]?.complete(job);
  await Promise.all(workers.map((worker) => worker.work("claim-hydrate-complete")));

  const json: InstantFigures = {
    claims: claims.length,
    claimed: held.length,
    attempts: attempts?.attempts ?? null,
    worstAttempts: attempts?.worst ?? null,
    errorsToCallers: refused.total,
  };
  const { lost, duplicated, outOfOrder } = parts.ledger.outcome();
  const distinct = new Set(held.map(({ messageId }) => messageId)).size === held.length;
  const unknown = "unknown: the deployment does not say";
  const table = formatTable([
    ["claims at one instant", `${json.claims} over ${options.conversations} conversations`],
    ["got a message", String(json.claimed)],
    ["attempts", json.attempts === null ? unknown : String(json.attempts)],
    ["worst", json.worstAttempts === null ? unknown : String(json.worstAttempts)],
    ["errors to callers", String(json.errorsToCallers)],
    ...refused.byCode().map(([code, count]): [string, string] => [`  ${code}`, String(count)]),
  ]);
  const ok = distinct && lost + duplicated + outOfOrder === 0;
  return { ok, table: table + countersOf(ofClaims), json };
}
