/** What goes wrong around a message: the engine, the chat platform, the hydration; and what is merely unknown. */
import { chats } from "../rig.js";
import { operationOf } from "../trace.js";
import { parseJson, type Answer } from "../wire.js";
import { isRecord } from "../../src/client/http/checkArguments.js";
import { untilIdle, value, type Scenario } from "./scenario.js";

const [anna, ben, carla, dora] = chats;

export const engineFailure: Scenario = {
  name: "engineFailure",
  shows: ["P-FAIL-1", "P-FAIL-2", "P-FAIL-3"],
  async play(rig) {
    const { apiKey } = rig.secrets;
    const message = `The server with the key ${apiKey} has a problem`;
    rig.model.setRules([{ lastUser: "trouble", error: { status: 500, message } }]);
    rig.launch();
    await rig.says(anna, "trouble");
    const failed = () => rig.holdings.find(({ endedAt }) => endedAt !== null);
    await rig.until("P-FAIL-1", "the end of the attempt", () => failed() !== undefined, 25_000);
    const outcome = failed()?.settles.find(({ body }) => body.outcome)?.body.outcome;
    rig.judge("P-FAIL-1", outcome?.kind === "fail", `the outcome is ${outcome?.kind ?? "none"}`);
    rig.judge("P-FAIL-3", outcome?.retryable !== false, "a failure that may pass was said to be final");
    rig.model.setRules([]);
    await rig.until("P-FAIL-3", "an answer in a later attempt", () => rig.seen(anna).length === 1, 15_000);
  },
};

export const delivery: Scenario = {
  name: "delivery",
  shows: ["P-SEND-3", "P-SEND-4", "P-SEND-5", "P-SEND-6"],
  async play(rig) {
    const outcomeOf = (id: string) =>
      rig.holdings
        .filter(({ job }) => job.messageId === id)
        .flatMap(({ settles }) => settles)
        .find(({ body, result }) => result === "ok" && body.outcome)?.body.outcome;
    const sentTo = (chatId: number) => rig.sent.filter((part) => part.chatId === String(chatId));
    let told: { status: number; body: string } | undefined;
    let toldAt = 0;
    rig.wires.telegram.treat = async (exchange, forward) => {
      const isSend = /sendMessage/i.test(exchange.path);
      if (isSend && exchange.body.includes(String(anna))) {
        await forward();
        return "cut";
      }
      if (isSend && exchange.body.includes(String(ben)) && told === undefined) {
        toldAt = Date.now();
        const parameters = { retry_after: 1 };
        const body = {
          ok: false,
          error_code: 429,
          description: "Too Many Requests: retry after 1",
          parameters,
        };
        return (told = { status: 429, body: JSON.stringify(body) });
      }
      return await forward();
    };
    rig.telegram.setChatState(carla, "blocked");
    rig.launch();

    const unheard = await rig.says(anna, "unheard");
    await rig.until(
      "P-SEND-3",
      "the end of a message whose sending was not heard of",
      () => outcomeOf(unheard) !== undefined,
      25_000,
    );
    const tries = sentTo(anna).length;
    rig.judge("P-SEND-3", tries === 1 && rig.seen(anna).length === 1, `the part was sent ${tries} times`);
    const named = rig.holdings
      .flatMap(({ settles }) => settles)
      .some(({ body }) => body.ambiguousParts?.includes(0));
    rig.judge(
      "P-SEND-3",
      named && outcomeOf(unheard)?.kind === "complete",
      "the part is not named in ambiguousParts",
    );

    const throttled = await rig.says(ben, "throttled");
    await rig.until("P-SEND-4", "the answer after a 429", () => outcomeOf(throttled) !== undefined, 20_000);
    const again = sentTo(ben).find(({ exchange }) => exchange.at > toldAt && exchange.answer?.status === 200);
    const waited = (again?.exchange.at ?? 0) - toldAt;
    rig.judge("P-SEND-4", waited >= 950, again ? `sent again after ${waited} ms` : "was not sent again");

    const blocked = await rig.says(carla, "blocked");
    await rig.until(
      "P-SEND-5",
      "the end of a message to somebody who blocked the bot",
      () => outcomeOf(blocked) !== undefined,
      20_000,
    );
    const outcome = outcomeOf(blocked);
    const final = outcome?.kind === "fail" && outcome.retryable === false;
    rig.judge("P-SEND-5", final, `the outcome is ${JSON.stringify(outcome ?? null)}`);

    const app = await rig.says(dora, "for the app", { provider: "app" });
    await rig.until(
      "P-SEND-6",
      "the end of a message of another provider",
      () => outcomeOf(app) !== undefined,
      20_000,
    );
    await untilIdle(rig);
    const mine = rig.holdings.filter(({ job }) => job.messageId === app).flatMap(({ settles }) => settles);
    const recorded = mine.some(({ body }) => body.reply?.text === "answer to: for the app");
    rig.judge(
      "P-SEND-6",
      recorded && outcomeOf(app)?.kind === "complete",
      "its reply was not recorded and completed",
    );
    rig.judge("P-SEND-6", sentTo(dora).length === 0, "it was sent to the chat platform");
  },
};

export const hydration: Scenario = {
  name: "hydration",
  shows: ["P-HYD-2", "P-HYD-3", "P-HYD-4"],
  async play(rig) {
    let spoil: Spoil | "no" = "no";
    rig.wires.gateway.treat = async (exchange, forward) => {
      const answer = await forward();
      const operation = operationOf(exchange);
      const parsed = parseJson(answer.body);
      if (spoil === "no" || !isRecord(parsed) || !isRecord(parsed.value)) return answer;
      if (operation === "hydrate")
        return value(spoil === "absent" ? null : { ...parsed.value, ...instead[spoil] });
      const { value: given } = parsed;
      const next = isRecord(given.next) ? { ...given, next: spoiled(given.next, spoil) } : given;
      return value("messageId" in given ? spoiled(given, spoil) : next);
    };
    rig.launch();
    for (const [id, text, how] of [
      ["P-HYD-2", "not hydrated", "absent"],
      ["P-HYD-3", "without a bot", "tokenless"],
      ["P-HYD-4", "to nobody", "undeliverable"],
    ] as const) {
      spoil = how;
      const message = await rig.says(anna, text);
      const mine = () =>
        rig.holdings.find(({ job, endedAt }) => job.messageId === message && endedAt !== null);
      await rig.until(id, "the end of the attempt", () => mine() !== undefined, 20_000);
      const asked = rig.asked(text);
      spoil = "no";
      const outcome = mine()?.settles.find(({ body }) => body.outcome)?.body.outcome;
      const final = how === "undeliverable";
      const right = outcome?.kind === "fail" && (outcome.retryable === false) === final;
      rig.judge(id, right, `the outcome is ${JSON.stringify(outcome ?? null)}`);
      rig.judge(id, asked === 0, "the engine ran");
      if (final) continue;
      await rig.until(
        id,
        "the answer once it is whole",
        () => rig.seen(anna).includes(`answer to: ${text}`),
        15_000,
      );
    }
  },
};

type Spoil = "absent" | "tokenless" | "undeliverable";
const instead = {
  tokenless: { channel: { kind: "telegram", credential: null }, telegramBotToken: null },
  undeliverable: { undeliverable: "the chat is closed" },
};

function spoiled(job: Record<string, unknown>, how: Spoil): Record<string, unknown> {
  const { hydration, ...rest } = job;
  if (hydration === undefined) return job;
  if (how === "absent") return { ...rest, hydrationError: "secret_key_unavailable" };
  return { ...rest, hydration: isRecord(hydration) ? { ...hydration, ...instead[how] } : hydration };
}

/** A newer server knows more: every object in every answer has a field that this version does not have. */
export const newerServer: Scenario = {
  name: "newerServer",
  shows: ["P-FORM-3"],
  async play(rig) {
    rig.model.setRules([{ lastUser: "a while", firstTokenMs: 1_500 }]);
    rig.wires.gateway.treat = async (_exchange, forward) => withMore(await forward());
    rig.launch();
    await rig.says(anna, "at once");
    await rig.says(anna, "a while");
    await rig.until("P-FORM-3", "two answers", () => rig.seen(anna).length === 2, 25_000);
    await untilIdle(rig);
    rig.judge(
      "P-FORM-3",
      rig.worker.running && rig.holdings.length === 2,
      "a message needed a second attempt",
    );
  },
};

function withMore({ status, body }: Answer): Answer {
  return { status, body: JSON.stringify(extended(parseJson(body))) };
}
/** `metadata` is the user's own record, so it stays as it is. */
function extended(of: unknown, name = ""): unknown {
  if (Array.isArray(of)) return of.map((item) => extended(item));
  if (!isRecord(of) || name === "metadata") return of;
  const inner = Object.fromEntries(Object.entries(of).map(([key, item]) => [key, extended(item, key)]));
  return { ...inner, addedInAFutureVersion: { why: ["to see", "whether", 3] } };
}
