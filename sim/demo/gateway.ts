import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { startFakeOpenClawGateway } from "../openclaw/index.js";

/** Long enough to kill a worker in the middle of it on a slow machine, short enough to finish soon. */
const ANSWER_MS = 250;

/** The one gateway that all workers of the demo share. */
export interface DemoGateway {
  url: string;
  token: string;
  /** Resolves when the model behind the gateway starts on this text. Ask before a worker can have sent it. */
  untilGenerating(text: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts a local gateway whose model answers `answer to: <text>`, as the demo's model server does. */
export async function startGateway(): Promise<DemoGateway> {
  const token = randomBytes(16).toString("hex");
  const waiting = new Map<string, () => void>();
  const gateway = await startFakeOpenClawGateway({
    token,
    answer: async ({ text }) => {
      waiting.get(text)?.();
      await sleep(ANSWER_MS);
      return `answer to: ${text}`;
    },
  });
  return {
    url: gateway.url,
    token,
    untilGenerating: (text) => new Promise((resolve) => waiting.set(text, resolve)),
    close: () => gateway.close(),
  };
}
