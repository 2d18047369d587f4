/**
 * What an update means, decided without effects. Every fact is taken from the parsed update alone; who the message is
 * for is decided elsewhere.
 */

type TelegramFile = { file_id: string };

/** The fields of an update that matter here. Telegram sends many more, and new ones at any time. */
export interface TelegramUpdateFacts {
  update_id: number;
  message?:
    | {
        message_id?: number | undefined;
        chat?: { id?: number | string | undefined } | undefined;
        from?: { id?: number | string | undefined } | undefined;
        text?: string | undefined;
        caption?: string | undefined;
        /** Sizes of one photo, ascending. */
        photo?: TelegramFile[] | undefined;
        video?: TelegramFile | undefined;
        audio?: TelegramFile | undefined;
        voice?: TelegramFile | undefined;
      }
    | undefined;
}

export type TelegramDecision =
  /** Not a message to the bot: an edit, a callback, a channel post. */
  | { kind: "ignored" }
  /** `/start`, with the pairing code when a well-formed one came along. Never a message for the agent. */
  | { kind: "start"; code: string | null }
  /** From a person, but nothing an agent could read: a sticker, a location, a document. */
  | { kind: "unsupported"; chatId: string; senderId: string }
  | {
      kind: "message";
      chatId: string;
      senderId: string;
      messageText: string;
      externalMessageId: string;
      metadata: Record<string, string>;
    };

const START_WITH_CODE = /^\/start(?:@\w+)?\s+([A-Za-z0-9_-]{4,128})$/;

export function parseTelegramUpdate(update: TelegramUpdateFacts): TelegramDecision {
  const message = update.message;
  if (!message?.chat?.id || !message.from?.id) return { kind: "ignored" };
  const chatId = String(message.chat.id);
  const senderId = String(message.from.id);
  const text = (message.text ?? "").trim();
  if (text.startsWith("/start")) return { kind: "start", code: START_WITH_CODE.exec(text)?.[1] ?? null };

  const files = mediaOf(message);
  const readable = text || (message.caption ?? "").trim() || describeMedia(files);
  if (readable === "") return { kind: "unsupported", chatId, senderId };
  return {
    kind: "message",
    chatId,
    senderId,
    messageText: readable,
    externalMessageId: String(message.message_id ?? update.update_id),
    metadata: { telegramChatId: chatId, telegramUserId: senderId, ...mediaMetadata(files) },
  };
}

interface MediaFiles {
  photo: string | undefined;
  video: string | undefined;
  audio: string | undefined;
  voice: string | undefined;
}

function mediaOf(message: NonNullable<TelegramUpdateFacts["message"]>): MediaFiles {
  return {
    photo: message.photo?.at(-1)?.file_id,
    video: message.video?.file_id,
    audio: message.audio?.file_id,
    voice: message.voice?.file_id,
  };
}

function describeMedia(files: MediaFiles): string {
  const kinds: string[] = [];
  if (files.photo) kinds.push("photo");
  if (files.video) kinds.push("video");
  if (files.audio || files.voice) kinds.push("audio");
  return kinds.length === 0 ? "" : `[telegram media] ${kinds.join(" + ")} message`;
}

function mediaMetadata(files: MediaFiles): Record<string, string> {
  const type = mediaType(files);
  return {
    ...(files.photo && { telegramPhotoFileId: files.photo }),
    ...(files.video && { telegramVideoFileId: files.video }),
    ...(files.audio && { telegramAudioFileId: files.audio }),
    ...(files.voice && { telegramVoiceFileId: files.voice }),
    ...(type && { telegramMediaType: type }),
  };
}

/** One word, or the pair that the worker image knows; the last that applies wins. */
function mediaType({ photo, video, audio, voice }: MediaFiles): string | null {
  let type: string | null = null;
  if (photo) type = "photo";
  if (audio) type = photo ? "photo+audio" : "audio";
  if (voice) type = photo ? "photo+voice" : "voice";
  if (video) type = photo ? "photo+video" : audio ? "video+audio" : voice ? "video+voice" : "video";
  return type;
}
