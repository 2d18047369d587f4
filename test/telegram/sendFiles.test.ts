/** Files of an answer against a Telegram with its size and format rules. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTelegramServer, type TelegramServer } from "../../sim/telegram/index.js";
import type { ReplyFile } from "../../src/contract/attachments.js";
import { FileGone, type OutgoingFile } from "../../worker/src/attachments/files.js";
import { systemClock } from "../../worker/src/clock.js";
import type { Outbound } from "../../worker/src/channels/channel.js";
import { createTelegramOutbound } from "../../worker/src/channels/telegram/outbound.js";

const botToken = `88:${"s".repeat(35)}`;
const recipient = { providerUserId: "9", metadata: {}, credential: botToken };
const signal = new AbortController().signal;
let telegram: TelegramServer;
let delivery: Outbound;
beforeAll(async () => {
  telegram = await startTelegramServer({
    bots: [{ token: botToken, username: "send_bot" }],
    rateLimits: false,
  });
  telegram.addChat({ chatId: 9 });
  delivery = createTelegramOutbound({ baseUrl: telegram.url, clock: systemClock, timeoutMs: 10_000 });
});
afterAll(() => telegram.close());

const outgoing = (
  kind: ReplyFile["kind"],
  mimeType: string,
  bytes: Uint8Array<ArrayBuffer>,
): OutgoingFile => ({
  file: { storageId: "s", kind, fileName: "f", mimeType, sizeBytes: bytes.byteLength },
  load: () => Promise.resolve(bytes),
});
const jpeg = (size: number) => {
  const bytes = new Uint8Array(size);
  bytes.set([0xff, 0xd8]);
  return bytes;
};

it.each<[string, OutgoingFile, string]>([
  ["a photo", outgoing("photo", "image/jpeg", jpeg(100)), "photo"],
  [
    "a photo that is too large for one",
    outgoing("photo", "image/jpeg", jpeg(10 * 1024 * 1024 + 1)),
    "document",
  ],
  ["a photo that is none", outgoing("photo", "image/png", new Uint8Array(9)), "document"],
  ["a voice message", outgoing("voice", "audio/ogg", new Uint8Array(9)), "voice"],
  ["a voice message of another format", outgoing("voice", "audio/flac", new Uint8Array(9)), "document"],
  ["music", outgoing("audio", "audio/mpeg", new Uint8Array(9)), "audio"],
  ["anything else", outgoing("document", "application/pdf", new Uint8Array(9)), "document"],
])("%s arrives", async (_, file, shownAs) => {
  expect(await delivery.sendFile(file, recipient, signal)).toEqual({ kind: "sent" });
  const sent = telegram.outbox().at(-1)?.file;
  expect([sent?.kind, sent?.bytes.byteLength]).toEqual([shownAs, file.file.sizeBytes]);
});

it("what does not exist any more, or Telegram will not take in any way, is refused once", async () => {
  const before = telegram.outbox().length;
  const gone = {
    ...outgoing("photo", "image/png", jpeg(3)),
    load: () => Promise.reject(new FileGone("expired")),
  };
  expect(await delivery.sendFile(gone, recipient, signal)).toMatchObject({ kind: "refused" });
  const empty = outgoing("document", "text/plain", new Uint8Array(0));
  expect(await delivery.sendFile(empty, recipient, signal)).toMatchObject({ kind: "refused" });
  telegram.setChatState(9, "blocked");
  const file = outgoing("document", "text/plain", new Uint8Array(1));
  expect(await delivery.sendFile(file, recipient, signal)).toMatchObject({
    kind: "refused",
    reason: "telegram 403: Forbidden: bot was blocked by the user",
  });
  expect(telegram.outbox()).toHaveLength(before);
});
