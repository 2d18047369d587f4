/** Long answers: renewing, losing, being told to stop meanwhile. */
import { chats } from "../rig.js";
import type { Rig } from "../rig.js";
import { operationOf } from "../trace.js";
import type { Treatment } from "../wire.js";
import { leaseLost, untilIdle, type Scenario } from "./scenario.js";

const [anna, ben] = chats;
const slow = (firstTokenMs: number) => [{ lastUser: "slow", times: 1, firstTokenMs }];

export const longRun: Scenario = {
  name: "longRun",
  shows: ["P-BEAT-1", "P-BEAT-2", "P-STOP-2", "P-CALL-HEARTBEAT"],
  async play(rig) {
    rig.model.setRules([...slow(5_500), { lastUser: "in hand", firstTokenMs: 2_500 }]);
    rig.launch();
    await rig.says(anna, "slow");
    await rig.until("P-BEAT-1", "the answer to a long run", () => rig.seen(anna).length > 0, 25_000);
    await untilIdle(rig);
    // A renewal that goes on beyond the end shows within an interval and a bit.
    await rig.pause(1_500);

    await rig.says(anna, "in hand");
    await rig.until("P-STOP-2", "the engine runs", () => rig.asked("in hand") > 0);
    await rig.says(ben, "left alone");
    const stoppedAt = Date.now();
    rig.worker.terminate();
    await rig.untilEnded("P-STOP-2", 15_000, true);
    judgeLast(rig, "P-STOP-2", stoppedAt);
  },
};

export const toldToStop: Scenario = {
  name: "toldToStop",
  shows: ["P-STOP-3"],
  async play(rig) {
    rig.model.setRules([{ lastUser: "in hand", firstTokenMs: 3_000 }]);
    let toldAt = 0;
    rig.wires.gateway.treat = async (exchange, forward) => {
      const answer = await forward();
      if (operationOf(exchange) !== "heartbeat") return answer;
      toldAt ||= Date.now();
      return { ...answer, body: answer.body.replace('"shouldStop":false', '"shouldStop":true') };
    };
    rig.launch();
    await rig.says(anna, "in hand");
    await rig.until("P-STOP-3", "a heartbeat", () => toldAt > 0, 20_000);
    await rig.says(ben, "left alone");
    await rig.untilEnded("P-STOP-3", 20_000, true);
    judgeLast(rig, "P-STOP-3", toldAt);
  },
};

function judgeLast(rig: Rig, id: "P-STOP-2" | "P-STOP-3", stoppedAt: number): void {
  rig.judge(id, rig.seen(anna).at(-1) === "answer to: in hand", "the message in hand was not answered");
  const others = rig.holdings.filter(({ from }) => from > stoppedAt + 100).length;
  rig.judge(id, others === 0 && rig.seen(ben).length === 0, "another message was taken");
  rig.judge(
    id,
    rig.holdings.every(({ endedAt }) => endedAt !== null),
    "a message was left without an end",
  );
}

export const idleStop: Scenario = {
  name: "idleStop",
  shows: ["P-STOP-4"],
  async play(rig) {
    let toldAt = 0;
    rig.wires.gateway.treat = async (_exchange, forward) => {
      const answer = await forward();
      const body = answer.body.replace('"shouldStop":false', '"shouldStop":true');
      if (body !== answer.body) toldAt ||= Date.now();
      return { ...answer, body };
    };
    rig.launch();
    await rig.until("P-CLAIM-1", "the first claim", () => rig.calls("claim").length > 0);
    await rig.until("P-STOP-4", "an answer with shouldStop", () => toldAt > 0, 20_500);
    await rig.untilEnded("P-STOP-4", 25_000, true);
  },
};

const losing = (at: "heartbeat" | "settle"): Treatment => {
  let lost = false;
  return async (exchange, forward) => {
    if (lost || operationOf(exchange) !== at) return await forward();
    lost = true;
    return leaseLost;
  };
};

function lossAt(at: "heartbeat" | "settle", id: "P-LOST-1" | "P-LOST-2"): Scenario {
  return {
    name: at === "heartbeat" ? "lostByHeartbeat" : "lostBySettle",
    shows: [id, "P-LOST-3"],
    async play(rig) {
      // Long enough that the next claim is not a repeat of the first run's.
      rig.model.setRules(at === "heartbeat" ? slow(3_000) : []);
      rig.wires.gateway.treat = losing(at);
      rig.launch();
      await rig.says(anna, "slow");
      const lostAt = () => rig.holdings.find((holding) => holding.lostAt !== null)?.lostAt ?? Infinity;
      await rig.until(id, `lease_lost was said to a ${at}`, () => lostAt() < Infinity, 25_000);
      const claimed = () => rig.calls("claim").some((claim) => claim.at > lostAt());
      await rig.until("P-LOST-3", "a claim after the loss", claimed, 10_000);
      // The real lease runs out, and the message comes round again.
      await rig.until(
        "P-LOST-3",
        "the message is answered in a later attempt",
        () => rig.seen(anna).length > 0,
        20_000,
      );
      await untilIdle(rig);
      rig.judge(id, rig.seen(anna).length === 1, "the message was answered twice");
      rig.judge("P-LOST-3", rig.worker.running, "the worker ended");
    },
  };
}
export const lostByHeartbeat = lossAt("heartbeat", "P-LOST-1");
export const lostBySettle = lossAt("settle", "P-LOST-2");
