/** One message at a time, its lease renewed, and left alone when it is lost. */
import { askedOf, heldAt, isLastWord, leaseNamedIn, operationOf, overAt, type Holding } from "../trace.js";
import type { Rig } from "../rig.js";
import { crossingMs, type Check } from "./check.js";

/** A busy machine may delay a call by this much without any fault of the worker. */
const slackMs = 400;
const firstClaimMs = 15_000;

export const claims: Check = (rig) => {
  const made = rig.calls("claim");
  for (const { startedAt, endedAt } of rig.workers) {
    const own = rig.wires.gateway.exchanges.filter(
      ({ at }) => at >= startedAt && at <= (endedAt ?? Infinity),
    );
    // Refused before it came so far.
    if (own.some(({ answer }) => answer?.status === 401 || answer?.status === 403)) continue;
    const first = own.find((exchange) => operationOf(exchange) === "claim");
    rig.judge(
      "P-CLAIM-1",
      first !== undefined && first.at - startedAt <= firstClaimMs,
      "no claim after the start",
    );
  }
  const { holdings } = rig;
  for (const [index, claim] of made.entries()) {
    const held = heldAt(holdings, claim.at);
    rig.judge("P-CLAIM-3", held === undefined, "it claimed while it held a message");
    const answeredAt = made[index - 1]?.answer?.at ?? 0;
    rig.judge("P-CLAIM-3", answeredAt <= claim.at, "two claims at the same time");
  }
  for (const exchange of rig.wires.model.exchanges) {
    if (!askedOf(exchange)) continue;
    const holding = holdings.findLast(({ from }) => from <= exchange.at);
    const hydrated = holding?.hydration ?? { at: Infinity, bundle: null };
    const ok = hydrated.bundle !== null && hydrated.at <= exchange.at;
    rig.judge("P-CLAIM-4", ok, "the engine ran without the message's hydration");
  }
  for (const holding of holdings.filter(({ chained, killedAt }) => chained && killedAt === null))
    rig.judge("P-CLAIM-5", holding.settles.length > 0, "a job from a settle was not done");
};

export const renewals: Check = (rig) => {
  for (const holding of rig.holdings) {
    const { heartbeatIntervalMs } = holding.job;
    const until = overAt(holding) ?? lastSignOf(rig, holding);
    const times = [holding.from, ...holding.heartbeats.map(({ at }) => at).filter((at) => at < until), until];
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? at));
    const longest = Math.max(...gaps);
    const ok = longest <= 2 * heartbeatIntervalMs + slackMs;
    rig.judge(
      "P-BEAT-1",
      ok,
      `${longest} ms without a heartbeat, every ${heartbeatIntervalMs} ms is asked for`,
    );
    if (holding.endedAt === null) continue;
    // One may be on its way already; a renewal that goes on is seen at its next turn.
    const limit = holding.endedAt + heartbeatIntervalMs / 2;
    const late = holding.heartbeats.filter(({ at }) => at > limit).length;
    rig.judge("P-BEAT-2", late === 0, `${late} heartbeats after the message's end`);
  }
};

export const losses: Check = (rig) => {
  const { holdings, sent } = rig;
  for (const holding of holdings) {
    if (holding.lostAt === null) continue;
    const id = holding.lostBy === "heartbeat" ? "P-LOST-1" : "P-LOST-2";
    const limit = holding.lostAt + crossingMs;
    const named = rig.wires.gateway.exchanges.filter(
      (exchange) => exchange.at > limit && leaseNamedIn(exchange) === holding.job.leaseId,
    );
    // One last word is allowed, about a part that was announced and not sent.
    const word = named.findIndex(isLastWord);
    if (word >= 0) named.splice(word, 1);
    const operations = named.map(operationOf).join(", ");
    rig.judge(id, named.length === 0, `calls that name the lost lease: ${operations}`);
    const sentAfter = sent.filter((part) => part.exchange.at > limit && part.holding === holding).length;
    rig.judge(id, sentAfter === 0, "something was sent under a lost lease");
  }
};

/** The last that was heard of a message that the trial left open. */
const lastSignOf = (rig: Rig, holding: Holding): number =>
  Math.max(
    holding.from,
    ...rig.wires.gateway.exchanges.map(({ at }) => at),
    ...rig.sent.map((part) => part.exchange.at),
  );
