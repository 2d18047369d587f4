/** The toy channel's side in a worker: its far end is an object in memory. */
import { FileGone } from "../../../worker/src/attachments/files.js";
import type { Channel, Recipient, SendResult } from "../../../worker/src/channels/channel.js";
import { splitText } from "../../../src/policy/worker/splitText.js";
import type { Fate } from "../workerConformance.js";

export const TOY_LIMIT = 100;
const BUSY_MS = 120_000;

/** Who the toy channel's messages go to. */
export class ToyService {
  readonly arrived: { chat: string; said: string; key: string | null }[] = [];
  shown = 0;
  next: Fate = "well";

  take({ metadata, providerUserId, credential }: Recipient, said: string): SendResult {
    const how = this.next;
    if (how !== "down") this.next = "well";
    if (how === "busyFor") return { kind: "transient", reason: "toy: busy", retryAfterMs: BUSY_MS };
    if (how === "busy" || how === "down") return { kind: "transient", reason: `toy: ${how}` };
    if (how === "refused") return { kind: "refused", reason: "toy: the chat is closed" };
    this.arrived.push({ chat: metadata["toyChat"] ?? providerUserId, said, key: credential });
    return how === "lost" ? { kind: "ambiguous", reason: "toy: no answer" } : { kind: "sent" };
  }
}

export function toyChannel(service: ToyService): Channel & Required<Pick<Channel, "outbound">> {
  const send = (
    said: string,
    to: Recipient,
    signal: AbortSignal,
    maySend = () => true,
  ): Promise<SendResult> =>
    Promise.resolve(
      signal.aborted || !maySend() ? { kind: "withheld", reason: "toy: held back" } : service.take(to, said),
    );
  return {
    kind: "toy",
    outbound: {
      problem: ({ credential }) => (credential === null ? "toy key missing" : null),
      render: (text) => splitText(text, TOY_LIMIT),
      send,
      async sendFile(file, to, signal, maySend) {
        try {
          await file.load(signal);
        } catch (error) {
          return { kind: error instanceof FileGone ? "refused" : "transient", reason: "toy: no content" };
        }
        return await send(file.file.fileName, to, signal, maySend);
      },
      progress(_, signal) {
        service.shown += 1;
        return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      },
    },
  };
}
