/** Telegram's bots, as a worker's environment sets them up. */
import { z } from "zod";
import { httpUrl } from "../../envShapes.js";
import type { ChannelDefinition } from "../channel.js";
import { createTelegramOutbound } from "./outbound.js";

const API = "https://api.telegram.org";

const env = {
  TELEGRAM_API_BASE_URL: httpUrl(API).default(API).meta({ description: "The Bot API server." }),
  TELEGRAM_PARSE_MODE: z.enum(["HTML", "MarkdownV2", "Markdown"]).optional().meta({
    description: "Formatting of answers; plain text when Telegram cannot parse one. Default: plain text.",
  }),
};

export const telegramChannel: ChannelDefinition<typeof env> = {
  env,
  create: ({ TELEGRAM_API_BASE_URL: baseUrl, TELEGRAM_PARSE_MODE: parseMode }, deps) => ({
    kind: "telegram",
    outbound: createTelegramOutbound({ ...deps, baseUrl, parseMode }),
  }),
};
