/** A gateway that cannot be reached for a while. */
import { setTimeout as sleep } from "node:timers/promises";
import { chats } from "../rig.js";
import { kitTimings, type RowId } from "../rows.js";
import { operationOf } from "../trace.js";
import type { Answer, Treatment } from "../wire.js";
import { refusal, untilIdle, type Scenario } from "./scenario.js";

const [anna, ben] = chats;
/** So many that even short waits, drawn at random, are all alike once in ten thousand runs only. */
const outages = 4;
const failuresEach = 5;
/** Waits count as the same when they differ by less than this share, or by what starting a process may take. */
const sameShare = 0.1;
const sameMs = 250;
const longestWaitMs = 30_000;

const down = refusal(503, "internal", "the kit says so");

/** Fails the next `count` claims in this way, then lets all pass. */
const failClaims = (count: number, how: () => Promise<Answer | "cut">): Treatment => {
  let left = count;
  return async (exchange, forward) => {
    if (left === 0 || operationOf(exchange) !== "claim") return await forward();
    left -= 1;
    return await how();
  };
};

export const outage: Scenario = {
  name: "outage",
  shows: ["P-RETRY-1", "P-RETRY-2", "P-RETRY-3", "P-RETRY-4", "P-RETRY-5", "P-RETRY-6", "P-FORM-4"],
  async play(rig) {
    const claims = () => rig.calls("claim");
    /** Lets claims fail and resolves with the waits between them, once one passed again. */
    const outageOf = async (id: RowId, what: string, count: number, how: () => Promise<Answer | "cut">) => {
      const from = claims().length;
      rig.wires.gateway.treat = failClaims(count, how);
      await rig.until(
        id,
        `a claim after ${what}`,
        () => (claims()[from + count]?.answer ?? null) !== null,
        40_000,
      );
      const made = claims().slice(from, from + count + 1);
      return made.slice(1).map((claim, index) => claim.at - (made[index]?.answer?.at ?? claim.at));
    };
    rig.launch();
    await rig.until("P-CLAIM-1", "the first claim", () => claims().some(({ answer }) => answer !== null));

    const waits: number[][] = [];
    for (let round = 0; round < outages; round += 1)
      waits.push(await outageOf("P-RETRY-1", "five times 503", failuresEach, async () => down));
    const grew = waits.map((list) => (list[3] ?? 0) >= 1.5 * (list[0] ?? Infinity)).filter(Boolean).length;
    const shown = waits.map((list) => list.join(", ")).join(" / ");
    rig.judge("P-RETRY-5", grew > outages / 2, `the waits do not grow: ${shown} ms`);
    rig.judge("P-RETRY-5", Math.max(...waits.flat()) <= longestWaitMs, `a wait of more than 30 s: ${shown}`);
    const positions = Array.from({ length: failuresEach }, (_, index) =>
      waits.map((list) => list[index] ?? 0),
    );
    const alike = positions.every((list) => {
      const longest = Math.max(...list);
      return longest - Math.min(...list) <= Math.max(sameMs, sameShare * longest);
    });
    rig.judge("P-RETRY-6", !alike, `all outages met with the same waits: ${shown} ms`);

    const page = { status: 502, body: "<html><body>Bad Gateway</body></html>", contentType: "text/html" };
    await outageOf("P-FORM-4", "a proxy's error page", 1, async () => page);
    await outageOf("P-RETRY-2", "a cut connection", 1, async () => "cut");
    await outageOf("P-RETRY-4", "429", 1, async () => refusal(429, "rate_limited", "too many refused calls"));
    await outageOf("P-RETRY-3", "silence", 1, async () => {
      await sleep(kitTimings.httpTimeoutMs * 4);
      return "cut";
    });
    const silent = claims().findLast(({ answer }) => answer === null);
    const next = claims().find(({ at }) => silent !== undefined && at > silent.at);
    const waited = (next?.at ?? Infinity) - (silent?.at ?? 0);
    rig.judge("P-RETRY-3", waited < kitTimings.httpTimeoutMs * 3, `${waited} ms until the next claim`);
    await rig.says(anna, "still there");
    await rig.until("P-RETRY-1", "an answer after the outages", () => rig.seen(anna).length === 1);
  },
};

/** Writes about a message that are not answered, or refused. */
export const writes: Scenario = {
  name: "writes",
  shows: ["P-SET-5", "P-SET-6"],
  async play(rig) {
    const chat = anna;
    const answered = (text: string) => rig.seen(chat).filter((seen) => seen === `answer to: ${text}`).length;
    /** The n-th settle that `matches` gets this treatment; the message must be answered once for all that. */
    const trial = async (text: string, matches: RegExp, times: number, treat: Treatment) => {
      let left = times;
      const repeats: string[] = [];
      rig.wires.gateway.treat = async (exchange, forward) => {
        if (operationOf(exchange) !== "settle" || !matches.test(exchange.body)) return await forward();
        repeats.push(exchange.body);
        left -= 1;
        return left >= 0 ? await treat(exchange, forward) : await forward();
      };
      const done = rig.holdings.length;
      await rig.says(chat, text);
      const over = () => rig.holdings.slice(done).some(({ endedAt }) => endedAt !== null);
      await rig.until("P-SET-5", `the end of "${text}"`, over, 25_000);
      await untilIdle(rig);
      rig.judge("P-SET-5", answered(text) === 1, `"${text}" was answered ${answered(text)} times`);
      rig.judge("P-SET-5", rig.asked(text) === 1, `the engine ran ${rig.asked(text)} times for "${text}"`);
      const same = repeats.length > times && repeats.every((body) => body === repeats[0]);
      rig.judge("P-SET-5", same, `"${text}": the repeat differs from the call, or there was none`);
    };
    rig.launch();
    const lostAnswer: Treatment = async (_exchange, forward) => {
      await forward();
      return "cut";
    };
    await trial("refused for now", /"reply"/, 2, async () => down);
    await trial("note unheard", /"sendingPart":\s*0/, 1, lostAnswer);
    await trial("end unheard", /"outcome"/, 1, lostAnswer);

    const tooLarge = refusal(400, "text_too_large", "The reply is too large");
    let attempts = 0;
    rig.wires.gateway.treat = async (exchange, forward) => {
      if (operationOf(exchange) !== "settle" || !exchange.body.includes('"reply"')) return await forward();
      attempts += 1;
      return tooLarge;
    };
    const before = rig.holdings.length;
    await rig.says(ben, "too large");
    const held = () => rig.holdings.slice(before).find(({ endedAt }) => endedAt !== null);
    await rig.until(
      "P-SET-6",
      "the end of a message whose reply is refused",
      () => held() !== undefined,
      15_000,
    );
    const outcome = held()?.settles.find(({ body, result }) => body.outcome && result === "ok")?.body.outcome;
    const given = outcome?.kind === "fail" && outcome.retryable === false;
    rig.judge("P-SET-6", given, `the outcome is ${JSON.stringify(outcome ?? null)}`);
    rig.judge("P-SET-6", attempts === 1, `the refused write was made ${attempts} times`);
    rig.judge("P-SET-6", rig.seen(ben).length === 0, "the refused reply was sent");
  },
};
