/** The course of an answer: recorded, noted, sent, ended. */
import { leaseNamedIn, operationOf, type Holding, type Sent, type Settle } from "../trace.js";
import type { Rig } from "../rig.js";
import { crossingMs, type Check } from "./check.js";

/** Telegram's limit for one message, in UTF-16 units. */
const maxPartUnits = 4096;
const maxErrorChars = 2_000;

export const recording: Check = (rig) => {
  const { sent } = rig;
  for (const part of sent) {
    const { holding, exchange } = part;
    if (holding === undefined) {
      rig.judge("P-SET-1", false, "something was sent while no message was held");
      continue;
    }
    const recorded =
      holding.hydration?.bundle?.reply !== undefined ||
      acknowledged(holding, exchange.at).some(({ body }) => body.reply !== undefined);
    rig.judge("P-SET-1", recorded, "a part was sent before the reply was recorded");
    rig.judge("P-SET-3", isNoted(part, sent), "a part was sent that was not noted before");
  }
  for (const holding of rig.holdings) {
    const recorded = acknowledged(holding).find(({ body }) => body.reply !== undefined);
    if (recorded) rig.judge("P-SET-2", hasTurns(rig, holding, recorded), "the two turns are not recorded");
    if (holding.endedAt === null) continue;
    const limit = holding.endedAt + crossingMs;
    const later = rig.wires.gateway.exchanges.filter(
      (exchange) =>
        exchange.at > limit &&
        leaseNamedIn(exchange) === holding.job.leaseId &&
        operationOf(exchange) !== "heartbeat",
    );
    rig.judge("P-SET-4", later.length === 0, `after the end: ${later.map(operationOf).join(", ")}`);
  }
};

export const failing: Check = (rig) => {
  const secrets = Object.entries(rig.secrets);
  for (const { settles } of rig.holdings) {
    for (const { body } of settles) {
      if (body.outcome?.kind !== "fail") continue;
      const text = body.outcome.errorMessage ?? "";
      const ok = text.trim() !== "" && text.length <= maxErrorChars;
      rig.judge("P-FAIL-1", ok, `an error text of ${text.length} characters`);
      for (const [name, secret] of secrets)
        rig.judge("P-FAIL-2", !text.includes(secret), `the ${name} is in an error text`);
    }
  }
};

export const sending: Check = (rig) => {
  const { holdings, sent } = rig;
  for (const part of sent) {
    const { job, hydration } = part.holding ?? {};
    if (job === undefined) continue;
    const chat = job.payload.metadata?.telegramChatId ?? job.payload.providerUserId;
    const ok = part.chatId === chat && part.botToken === hydration?.bundle?.telegramBotToken;
    rig.judge("P-SEND-2", ok, "a part went to another chat, or by another bot");
    const units = part.text.length;
    rig.judge("P-SEND-1", units <= maxPartUnits, `a part of ${units} UTF-16 units`);
  }
  for (const { job, settles } of holdings) {
    const done = settles.some(({ body, result }) => result === "ok" && body.outcome?.kind === "complete");
    const reply = holdings.map((holding) => recordedReply(holding, job.messageId)).find((found) => found);
    if (!done || reply === undefined || job.payload.provider !== "telegram") continue;
    const parts = sent.filter((part) => part.delivered && part.holding?.job.messageId === job.messageId);
    const same = bare(parts.map(({ text }) => text).join("")) === bare(reply.text);
    rig.judge("P-SEND-1", same, "what was sent is not the recorded reply");
    rig.judge(
      "P-SEND-1",
      parts.length === reply.parts,
      `${parts.length} parts, ${reply.parts} were announced`,
    );
  }
};

const acknowledged = ({ settles }: Holding, before = Infinity): Settle[] =>
  settles.filter(({ result, exchange }) => result === "ok" && (exchange.answer?.at ?? Infinity) <= before);

/** One note covers one part, however often that one is tried. */
function isNoted({ holding, exchange }: Sent, sent: readonly Sent[]): boolean {
  if (holding === undefined) return false;
  const note = acknowledged(holding, exchange.at).findLast(({ body }) => body.sendingPart !== undefined);
  const notedAt = note?.exchange.answer?.at;
  if (notedAt === undefined) return false;
  return !sent.some(
    (other) => other.delivered && other.exchange.at >= notedAt && other.exchange.at < exchange.at,
  );
}

function hasTurns(rig: Rig, holding: Holding, recorded: Settle): boolean {
  const until = recorded.exchange.answer?.at ?? 0;
  const turns = acknowledged(holding, until).flatMap(({ body }) => body.turns ?? []);
  const has = (role: string, content: string | undefined) =>
    turns.some((turn) => turn.role === role && turn.content === content);
  const settled = has("user", holding.job.payload.messageText) && has("assistant", recorded.body.reply?.text);
  return settled || rig.calls("append").some(({ at }) => at >= holding.from && at <= until);
}

function recordedReply(holding: Holding, messageId: string): { text: string; parts: number } | undefined {
  if (holding.job.messageId !== messageId) return undefined;
  return acknowledged(holding).find(({ body }) => body.reply)?.body.reply ?? holding.hydration?.bundle?.reply;
}

const bare = (text: string): string => text.replace(/\s+/gu, "");
