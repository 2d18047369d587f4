import { z } from "zod";
import { badRequest } from "./apiFailure.js";
import { parseArgs, vBoolean, vInteger, vNested, type RawArgs } from "./args.js";
import type { Bot } from "./bot.js";
import { deliver, sendArgs, type Content, type SendContext } from "./sendMessage.js";

const vFloat = z.coerce.number();
const DICE = new Map([
  ["🎲", 6],
  ["🎯", 6],
  ["🎳", 6],
  ["🏀", 5],
  ["⚽", 5],
  ["🎰", 64],
]);
const place = { latitude: vFloat.min(-90).max(90), longitude: vFloat.min(-180).max(180) };
const location = sendArgs.extend(place);
const venue = sendArgs.extend({ ...place, title: z.string(), address: z.string() });
const contact = sendArgs.extend({
  phone_number: z.string().min(1),
  first_name: z.string().min(1),
  last_name: z.string().optional(),
});
const poll = sendArgs.extend({
  question: z.string().min(1).max(300),
  options: vNested(
    z
      .array(z.union([z.string(), z.looseObject({ text: z.string() })]))
      .min(1)
      .max(12),
  ),
  is_anonymous: vBoolean.default(true),
  allows_multiple_answers: vBoolean.default(false),
  type: z.enum(["regular", "quiz"]).default("regular"),
  correct_option_id: vInteger.optional(),
});
const dice = sendArgs.extend({ emoji: z.string().default("🎲") });

const shown = (content: Record<string, unknown>): Content => ({
  wire: content,
  outbox: { text: "", rawText: "", content },
});

/** sendLocation, sendVenue, sendContact, sendPoll, sendDice: messages without a text. @throws ApiFailure */
export const OTHER_METHODS = {
  sendlocation: (context: SendContext, bot: Bot, raw: RawArgs) => {
    const args = parseArgs(location, raw);
    const { latitude, longitude } = args;
    return deliver(context, bot, args, shown({ location: { latitude, longitude } }));
  },
  sendvenue: (context: SendContext, bot: Bot, raw: RawArgs) => {
    const args = parseArgs(venue, raw);
    const { latitude, longitude, title, address } = args;
    return deliver(
      context,
      bot,
      args,
      shown({ venue: { location: { latitude, longitude }, title, address } }),
    );
  },
  sendcontact: (context: SendContext, bot: Bot, raw: RawArgs) => {
    const args = parseArgs(contact, raw);
    const { phone_number, first_name, last_name } = args;
    return deliver(
      context,
      bot,
      args,
      shown({ contact: { phone_number, first_name, ...(last_name ? { last_name } : {}) } }),
    );
  },
  sendpoll: (context: SendContext, bot: Bot, raw: RawArgs) => {
    const args = parseArgs(poll, raw);
    const options = args.options.map((option) => ({
      text: typeof option === "string" ? option : option.text,
      voter_count: 0,
    }));
    const { question, type, is_anonymous, allows_multiple_answers } = args;
    return deliver(
      context,
      bot,
      args,
      shown({
        poll: {
          id: `poll-${bot.id}-${Date.now()}`,
          question,
          options,
          total_voter_count: 0,
          is_closed: false,
          is_anonymous,
          type,
          allows_multiple_answers,
        },
      }),
    );
  },
  senddice: (context: SendContext, bot: Bot, raw: RawArgs) => {
    const args = parseArgs(dice, raw);
    const sides = DICE.get(args.emoji);
    if (!sides) throw badRequest("wrong dice emoji specified");
    return deliver(context, bot, args, shown({ dice: { emoji: args.emoji, value: context.roll(sides) } }));
  },
};
