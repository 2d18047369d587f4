/** A worker that is killed between two parts of an answer, and started again. */
import { chats } from "../rig.js";
import { operationOf } from "../trace.js";
import { untilIdle, type Scenario } from "./scenario.js";

const [anna] = chats;
/** Three parts for any worker that keeps to Telegram's limit and fills its parts at least half. */
const words = Array.from({ length: 1_400 }, (_, index) => `word${index}`).join(" ");

export const restart: Scenario = {
  name: "restart",
  shows: ["P-RES-1", "P-RES-2", "P-RES-3"],
  async play(rig) {
    rig.model.setRules([{ lastUser: "long", answer: words }]);
    let killing: Promise<void> | undefined;
    rig.wires.gateway.treat = async (exchange, forward) => {
      if (
        killing === undefined &&
        operationOf(exchange) === "settle" &&
        /"sendingPart":\s*1\b/.test(exchange.body)
      ) {
        killing = rig.kill();
        return "cut";
      }
      return await forward();
    };
    rig.launch();
    await rig.says(anna, "long");
    await rig.until("P-RES-1", "the note of the second part", () => killing !== undefined, 20_000);
    await killing;
    const asked = rig.asked("long");
    const [first = ""] = rig.seen(anna);
    rig.launch();
    const ended = () => rig.holdings.some(({ endedAt }) => endedAt !== null);
    await rig.until("P-RES-3", "the message is completed after the restart", ended, 25_000);
    await untilIdle(rig);
    rig.judge("P-RES-1", rig.asked("long") === asked, "the engine ran again although the reply was recorded");
    const parts = rig.seen(anna);
    const repeated = parts.filter((part) => part === first).length - 1;
    rig.judge("P-RES-2", repeated === 0, "the first part was sent again");
    const whole = bare(parts.join("")) === bare(words);
    rig.judge("P-RES-2", whole, "the parts before and after the restart are not the whole answer");
    const completed = rig.holdings.some(({ settles }) =>
      settles.some(({ body, result }) => result === "ok" && body.outcome?.kind === "complete"),
    );
    rig.judge("P-RES-3", completed, "the message was not completed");
  },
};

const bare = (text: string): string => text.replace(/\s+/gu, "");
