/** Telegram's side in the worker, over real sockets against a Bot API server. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTelegramServer, type TelegramServer } from "../../sim/telegram/index.js";
import { createChannels } from "../../worker/src/channels/registry.js";
import { describeSending, type Fate, type SendingSubject } from "./workerConformance.js";

const TOKEN = `88:${"s".repeat(35)}`;
const CHAT = 9;
let telegram: TelegramServer;
beforeAll(async () => {
  telegram = await startTelegramServer({ bots: [{ token: TOKEN, username: "b" }], rateLimits: false });
  telegram.addChat({ chatId: CHAT });
});
afterAll(() => telegram.close());

/** Real time for sockets, none for pauses. */
const clock = {
  now: () => Date.now(),
  random: () => 0,
  sleep: () => new Promise<void>((resolve) => setTimeout(resolve, 1)),
};
const channels = () => createChannels({ TELEGRAM_API_BASE_URL: telegram.url }, { clock, timeoutMs: 5_000 });

const path = "/bot*/send*";
const refusal = (error_code: number, parameters?: object) => ({
  kind: "status" as const,
  status: error_code,
  path,
  body: JSON.stringify({ ok: false, error_code, description: "as told", parameters }),
});
const rules: Record<Fate, Parameters<TelegramServer["setFaults"]>[0]> = {
  well: [],
  lost: [{ kind: "dropAfter", path, count: 1 }],
  busyFor: [refusal(429, { retry_after: 120 })],
  busy: [{ ...refusal(429), count: 1 }],
  refused: [refusal(403)],
  down: [{ kind: "status", status: 502, path }],
};

describeSending("Telegram", (): SendingSubject => {
  telegram.setFaults([]);
  const outbound = channels().find("telegram")?.outbound;
  if (outbound === undefined) throw new Error("Telegram is sent by the worker");
  return {
    outbound,
    recipient: { providerUserId: String(CHAT), metadata: {}, credential: TOKEN },
    limit: 4_096,
    fate: (how) => telegram.setFaults(rules[how]),
    arrived: () => telegram.outbox().map(({ file, rawText }) => file?.fileName ?? rawText),
    progressShown: () => telegram.chatActions().length,
  };
});

it("answers in the app, and those of a channel that is nobody's, are not sent", () => {
  expect(channels().find("app")).toEqual({ kind: "app" });
  expect(channels().find("slack")).toBeUndefined();
});
