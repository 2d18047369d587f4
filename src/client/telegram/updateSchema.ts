/**
 * The shape of an update, as far as it is read. Lenient: unknown kinds and fields pass through, because Telegram adds new
 * ones at any time; only what would be misread is refused.
 */
import { z } from "zod";

/** Text that can be stored: a lone surrogate has no UTF-8 form. */
const zText = z.string().transform((text) => text.replace(/[\ud800-\udfff]/gu, "\ufffd"));
/** Telegram's ids are numbers of up to 52 bits; some proxies quote them. */
const zId = z.union([z.number(), z.string()]);
const zFile = z.looseObject({ file_id: zText });

export const zTelegramUpdate = z.looseObject({
  update_id: z.int(),
  message: z
    .looseObject({
      message_id: z.number().optional(),
      chat: z.looseObject({ id: zId.optional() }).optional(),
      from: z.looseObject({ id: zId.optional() }).optional(),
      text: zText.optional(),
      caption: zText.optional(),
      photo: z.array(zFile).optional(),
      video: zFile.optional(),
      audio: zFile.optional(),
      voice: zFile.optional(),
    })
    .optional(),
});

/** An update as `resolveAgentKey` sees it: everything that Telegram sent, with the fields above checked. */
export type TelegramUpdate = z.infer<typeof zTelegramUpdate>;
