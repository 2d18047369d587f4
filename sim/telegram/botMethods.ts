import { z } from "zod";
import { badRequest } from "./apiFailure.js";
import { parseArgs, vInteger, vNested, type RawArgs } from "./args.js";
import type { Bot } from "./bot.js";
import { findChat, requireWritable } from "./chats.js";
import { chatIdArg } from "./sendMessage.js";

const chatArgs = z.looseObject({ chat_id: chatIdArg });
const memberArgs = chatArgs.extend({ user_id: vInteger });
const scopeArgs = z.looseObject({
  scope: vNested(z.looseObject({ type: z.string() })).optional(),
  language_code: z.string().default(""),
});
const commandArgs = scopeArgs.extend({
  commands: vNested(
    z
      .array(
        z.looseObject({
          command: z.string().regex(/^[a-z0-9_]{1,32}$/),
          description: z.string().min(1).max(256),
        }),
      )
      .max(100),
  ),
});
const keyOf = ({ scope, language_code }: z.output<typeof scopeArgs>): string =>
  JSON.stringify([scope ?? { type: "default" }, language_code]);

const selfOf = (bot: Bot) => ({
  id: bot.id,
  is_bot: true,
  first_name: bot.firstName,
  username: bot.username,
});

/** What a bot asks about itself and its chats. @throws ApiFailure in Telegram's words. */
export const BOT_METHODS = {
  getme: (bot: Bot) => ({
    ...selfOf(bot),
    can_join_groups: true,
    can_read_all_group_messages: false,
    supports_inline_queries: false,
    can_connect_to_business: false,
    has_main_web_app: false,
  }),
  setmycommands: (bot: Bot, raw: RawArgs): true => {
    const args = parseArgs(commandArgs, raw);
    bot.commands.set(keyOf(args), args.commands);
    return true;
  },
  getmycommands: (bot: Bot, raw: RawArgs) => bot.commands.get(keyOf(parseArgs(scopeArgs, raw))) ?? [],
  deletemycommands: (bot: Bot, raw: RawArgs): true => {
    bot.commands.delete(keyOf(parseArgs(scopeArgs, raw)));
    return true;
  },
  getchat: (bot: Bot, raw: RawArgs) => {
    const { chat } = findChat(bot, parseArgs(chatArgs, raw).chat_id);
    return { ...chat, accent_color_id: 0, max_reaction_count: 11, accepted_gift_types: {} };
  },
  getchatmember: (bot: Bot, raw: RawArgs) => {
    const args = parseArgs(memberArgs, raw);
    const { chat, state } = findChat(bot, args.chat_id);
    if (args.user_id === bot.id) {
      const isOut = state === "kicked" || state === "blocked";
      return isOut
        ? { status: "kicked", user: selfOf(bot), until_date: 0 }
        : { status: "member", user: selfOf(bot) };
    }
    if (chat.type === "private" && args.user_id !== chat.id) throw badRequest("user not found");
    return {
      status: "member",
      user: { id: args.user_id, is_bot: false, first_name: `User ${args.user_id}` },
    };
  },
  leavechat: (bot: Bot, raw: RawArgs): true => {
    const found = findChat(bot, parseArgs(chatArgs, raw).chat_id);
    requireWritable(found);
    if (found.chat.type === "private")
      throw badRequest("chat member status can't be changed in private chats");
    found.state = "kicked";
    return true;
  },
};
