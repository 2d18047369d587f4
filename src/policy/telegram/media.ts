/** The files of a message: in words for the agent, as metadata for the published worker image, and as a list. */
import type { FileKind } from "../../contract/attachments.js";
import type { ChannelFile } from "../channels/events.js";
import { cutText } from "../text/cut.js";
import { safeFileName } from "../attachments/fileName.js";
import type { TelegramMessage } from "./updateSchema.js";

/** Longest MIME type that is kept; real ones are far shorter. */
const MAX_MIME_CHARS = 100;

/** `photo` lists the sizes of one picture, ascending: the last is the whole one. */
export function filesOf(message: TelegramMessage): ChannelFile[] {
  const sources = [
    ["photo", message.photo?.at(-1)],
    ["video", message.video],
    ["audio", message.audio],
    ["voice", message.voice],
    ["document", message.document],
  ] as const;
  return sources.flatMap(([kind, file]) => {
    if (!file?.file_id) return [];
    const { file_name: name, mime_type: type, file_size: size } = file;
    const mimeType = kind === "photo" ? "image/jpeg" : type && cutText(type, MAX_MIME_CHARS);
    return [
      {
        kind,
        fileId: file.file_id,
        ...(name !== undefined && { fileName: safeFileName(name) }),
        ...(mimeType && { mimeType }),
        ...(size !== undefined && { sizeBytes: size }),
      },
    ];
  });
}

/** The text of a message that has files only; blank without any. A voice message counts as audio. */
export function describeMedia(files: readonly ChannelFile[]): string {
  const has = kindsOf(files);
  const audio = has.audio ?? has.voice;
  const named = Object.entries({ photo: has.photo, video: has.video, audio, document: has.document });
  const kinds = named.filter(([, file]) => file).map(([kind]) => kind);
  return kinds.length === 0 ? "" : `[telegram media] ${kinds.join(" + ")} message`;
}

/** Of several files of a kind (an album), the first. */
export function mediaMetadata(files: readonly ChannelFile[]): Record<string, string> {
  const { photo, video, audio, voice, document } = kindsOf(files);
  const type = mediaType(files);
  return {
    ...(photo && { telegramPhotoFileId: photo.fileId }),
    ...(video && { telegramVideoFileId: video.fileId }),
    ...(audio && { telegramAudioFileId: audio.fileId }),
    ...(voice && { telegramVoiceFileId: voice.fileId }),
    ...(document && { telegramDocumentFileId: document.fileId }),
    ...(document?.fileName && { telegramDocumentFileName: document.fileName }),
    ...(document?.mimeType && { telegramDocumentMimeType: document.mimeType }),
    ...(type && { telegramMediaType: type }),
  };
}

type ByKind = Partial<Record<FileKind, ChannelFile>>;

function kindsOf(files: readonly ChannelFile[]): ByKind {
  const first: ByKind = {};
  for (const file of files) first[file.kind] ??= file;
  return first;
}

/** One word, or the pair that the worker image knows; the last that applies wins. */
function mediaType(files: readonly ChannelFile[]): string | null {
  const { photo, video, audio, voice, document } = kindsOf(files);
  let type: string | null = document ? "document" : null;
  if (photo) type = "photo";
  if (audio) type = photo ? "photo+audio" : "audio";
  if (voice) type = photo ? "photo+voice" : "voice";
  if (video) type = photo ? "photo+video" : audio ? "video+audio" : voice ? "video+voice" : "video";
  return type;
}
