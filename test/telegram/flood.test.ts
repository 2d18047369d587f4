import { it } from "vitest";
import { flood } from "./flood.js";

it("1 000 updates, repeated and with lost answers, are each one message, in order", async () => {
  await flood({ updates: 1_000, chats: 20, timeoutMs: 80_000 });
  // Three seconds on an idle machine.
}, 90_000);
