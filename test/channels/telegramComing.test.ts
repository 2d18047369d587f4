/** Telegram's side in the component. */
import { vi, afterEach } from "vitest";
import { channelOf } from "../../src/core/channels/registry.js";
import { deliver, stubBotApi, withBot } from "../component/telegramBot.js";
import { useWorld } from "../component/world.js";
import { describeComing, type Said } from "./coreConformance.js";

const world = useWorld();
afterEach(() => void vi.unstubAllGlobals());
const REF = "telegram.botToken.default";

const message = ({ message: message_id, chat, user, text, toUs, file }: Said) => ({
  message_id,
  chat: { id: Number(chat), type: chat.startsWith("-") ? "group" : "private" },
  from: { id: Number(user) },
  ...(file === true
    ? { caption: text, document: { file_id: "f1", file_name: "a.txt", file_size: 3 } }
    : { text: toUs === true ? `/ask@the_bot ${text}` : text }),
});

describeComing("Telegram", world, async () => {
  const telegram = stubBotApi();
  await world.agent("default", { secretsRef: [REF] });
  const bot = await withBot(world, telegram, { botId: 7, secretRef: REF, username: "the_bot" });
  return {
    channel: channelOf("telegram"),
    deliver: (body) => deliver(world, bot, body),
    deliverForged: (body) => deliver(world, { ...bot, secret: "nobody's" }, body),
    body: (said) =>
      JSON.stringify({
        update_id: said.event,
        [said.edited === true ? "edited_message" : "message"]: message(said),
      }),
    blocked: (event, chat, blocked) =>
      JSON.stringify({
        update_id: event,
        my_chat_member: {
          chat: { id: Number(chat), type: "private" },
          new_chat_member: { status: blocked ? "kicked" : "member" },
        },
      }),
    unknown: [
      JSON.stringify({ update_id: 1 }),
      JSON.stringify({ update_id: 2, callback_query: { id: "1" } }),
      JSON.stringify({ update_id: 3, message: { chat: { id: 1 }, from: { id: 1 }, sticker: {} } }),
      JSON.stringify({ update_id: 4, something_new: [1, 2, 3] }),
    ],
    privateChats: ["42", "43"],
    groupChat: "-100",
  };
});
