/** Links and commands in chats: what mallory lets others press, and what she types herself. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../faults/index.js";
import { delivery, type Origins } from "../requests.js";
import { answered, type Attempt, type HostileCase, type Reply } from "../types.js";
import type { UserStage } from "./stage.js";

/** The question comes by an action of its own. */
const ASKED_WITHIN_MS = 10_000;

export function pairingCases(stage: UserStage, origins: Origins): HostileCase[] {
  const { codeOfMallory: code, mallory, open, shut, telegram } = stage;
  const says = (secret: string, chatId: number, text: string): Attempt => {
    const message = {
      message_id: 1,
      date: 1,
      chat: { id: chatId, type: "private" },
      from: { id: chatId },
      text,
    };
    return delivery(origins, secret, JSON.stringify({ update_id: stage.serial(), message }));
  };
  const isBound = async (user: string) => (await stage.bindingOf(user)) !== null;
  /** Somebody presses Start on a link of their own and answers the question: that has to be seen as bound. */
  const control = async (send: (attempt: Attempt) => Promise<Reply>): Promise<string | null> => {
    const [user, chatId] = [`control-${stage.serial()}`, 3_000_000_000 + (stage.serial() % 1_000_000_000)];
    await send(says(open.botSecret, chatId, `/start ${await stage.newCode(user)}`));
    if (await isBound(user)) return "the link alone has bound";
    const until = Date.now() + ASKED_WITHIN_MS;
    while (telegram.said(chatId) === undefined && Date.now() < until) await sleep(20);
    const command = /\/connect_[0-9a-f]{16}/.exec(telegram.said(chatId) ?? "")?.[0];
    if (command === undefined) return "the chat was not asked";
    await send(says(open.botSecret, chatId, command));
    return (await isBound(user)) ? null : "the answer has not bound";
  };
  const one = (kind: string, build: (random: Random) => Attempt): HostileCase => ({
    ...{ kind, door: "webhook", label: `${kind} webhook`, build, expected: answered, target: null },
    damage: async () => ((await isBound(mallory)) ? "a chat was bound to mallory" : null),
    control,
  });
  const aChat = (random: Random): number => 2_000_000_000 + Math.floor(random() * 1e9);
  const lookAlikes = [`/startx ${code}`, `/start${code}`, `/start@another_bot ${code}`, `/start@ ${code}`];
  return [
    one("strangersLink", (random) => says(open.botSecret, aChat(random), `/start ${code}`)),
    one("guessedAnswer", (random) => {
      const nonce = Math.floor(random() * 2 ** 48)
        .toString(16)
        .padStart(16, "0");
      return says(open.botSecret, aChat(random), `/connect_${nonce}`);
    }),
    one("lookAlikeCommand", (random) => {
      const text = lookAlikes[Math.floor(random() * lookAlikes.length)] ?? "";
      return says(open.botSecret, aChat(random), text);
    }),
    one("otherBotsCode", (random) => says(shut.botSecret, aChat(random), `/start ${code}`)),
  ];
}
