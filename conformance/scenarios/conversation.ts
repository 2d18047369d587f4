/** The everyday course: waiting, answering in order, ending. */
import { kitTimings } from "../rows.js";
import { askedOf } from "../trace.js";
import { chats } from "../rig.js";
import { untilIdle, type Scenario } from "./scenario.js";

const [anna, ben] = chats;

export const conversation: Scenario = {
  name: "conversation",
  shows: [
    ...(["P-AUTH-1", "P-AUTH-2", "P-AUTH-3", "P-AUTH-6", "P-FORM-1", "P-FORM-2", "P-FORM-5"] as const),
    ...(["P-CLAIM-1", "P-CLAIM-2", "P-CLAIM-3", "P-CLAIM-4", "P-CLAIM-5", "P-HYD-1", "P-ORD-1"] as const),
    ...(["P-SET-1", "P-SET-2", "P-SET-3", "P-SET-4", "P-SEND-1", "P-SEND-2", "P-STOP-1"] as const),
    ...(["P-CALL-CLAIM", "P-CALL-SETTLE"] as const),
  ],
  async play(rig) {
    rig.launch();
    await rig.until("P-CLAIM-1", "the first claim", () => rig.calls("claim").length > 0);
    const { pollIntervalMs } = kitTimings;
    await rig.pause(6 * pollIntervalMs);
    const claims = rig.calls("claim");
    for (const [index, claim] of claims.slice(1).entries()) {
      const waited = claim.at - (claims[index]?.answer?.at ?? claim.at);
      const enough = waited >= pollIntervalMs / 2 - 20;
      rig.judge(
        "P-CLAIM-2",
        enough,
        `${waited} ms between two claims, POLL_INTERVAL_MS is ${pollIntervalMs}`,
      );
    }
    const saidAt = Date.now();
    await rig.says(anna, "one");
    await rig.until("P-ORD-1", "an answer", () => rig.seen(anna).length === 1);
    const tookMs = (rig.holdings[0]?.from ?? Infinity) - saidAt;
    const soon = tookMs <= Math.max(5 * pollIntervalMs, 2_000);
    rig.judge("P-CLAIM-2", soon, `a message was taken ${tookMs} ms after its arrival`);
    await rig.says(anna, "two");
    await rig.says(ben, "other");
    await rig.says(anna, "three");
    await rig.until(
      "P-ORD-1",
      "four answers",
      () => rig.seen(anna).length + rig.seen(ben).length >= 4,
      30_000,
    );
    await untilIdle(rig);
    const seen = rig.seen(anna);
    const expected = ["one", "two", "three"].map((text) => `answer to: ${text}`);
    rig.judge("P-ORD-1", seen.join() === expected.join(), `a chat saw: ${seen.join(" | ")}`);

    const third = rig.wires.model.exchanges.map(askedOf).find((request) => request?.text === "three");
    const turns = third?.turns.filter(({ role }) => role !== "system").map(({ content }) => content);
    const history = ["one", "answer to: one", "two", "answer to: two", "three"];
    rig.judge(
      "P-HYD-1",
      turns?.join() === history.join(),
      `the engine got: ${turns?.join(" | ") ?? "nothing"}`,
    );

    const stoppedAt = Date.now();
    rig.worker.terminate();
    await rig.untilEnded("P-STOP-1", 5_000, true);
    const more = rig.calls("claim").filter(({ at }) => at > stoppedAt + 300).length;
    rig.judge("P-STOP-1", more === 0, `${more} claims after SIGTERM`);
  },
};
