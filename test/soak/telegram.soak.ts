/** Telegram at length: 10 000 updates (`SOAK_UPDATES`) with a fifth of them repeated, through the webhook over HTTP. */
import { it } from "vitest";
import { flood } from "../telegram/flood.js";

const UPDATES = Number(process.env.SOAK_UPDATES ?? 10_000);
const PER_CHAT = 100;

it("every update is one message, in its chat's order", async () => {
  await flood({ updates: UPDATES, chats: Math.ceil(UPDATES / PER_CHAT), timeoutMs: 55 * 60_000 });
});
