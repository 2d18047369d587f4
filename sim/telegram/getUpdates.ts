import { z } from "zod";
import { pause } from "../http/pause.js";
import { ApiFailure } from "./apiFailure.js";
import { parseArgs, vInteger, vNested, type RawArgs } from "./args.js";
import type { Bot } from "./bot.js";

const MAX_UPDATES = 100;
const MAX_POLL_S = 50;
/** How often a long poll looks for new updates; loopback clients do not notice the difference. */
const POLL_STEP_MS = 10;

const updatesArgs = z.looseObject({
  offset: vInteger.default(0),
  limit: vInteger.default(MAX_UPDATES),
  timeout: vInteger.default(0),
  allowed_updates: vNested(z.array(z.string())).optional(),
});

/**
 * getUpdates: confirms what lies before `offset`, then waits up to `timeout` seconds (not scaled) for something.
 * @throws ApiFailure 409 while a webhook is set or when another poll took over.
 */
export async function getUpdates(bot: Bot, raw: RawArgs, closing: AbortSignal) {
  const args = parseArgs(updatesArgs, raw);
  requireNoWebhook(bot);
  if (args.allowed_updates) {
    bot.allowedUpdates = args.allowed_updates.length > 0 ? args.allowed_updates : undefined;
  }
  bot.endPoll?.();
  let ended = false;
  const end = () => {
    ended = true;
  };
  bot.endPoll = end;
  try {
    confirm(bot, args.offset);
    const until = Date.now() + Math.min(MAX_POLL_S, Math.max(0, args.timeout)) * 1000;
    while (bot.queue.size === 0 && Date.now() < until && !ended && !bot.revoked) {
      if (!(await pause(POLL_STEP_MS, closing))) break;
    }
    if (ended) {
      requireNoWebhook(bot);
      throw new ApiFailure(
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
      );
    }
    const limit = Math.min(MAX_UPDATES, Math.max(1, args.limit));
    return bot.queue
      .all()
      .slice(0, limit)
      .map(({ update }) => update);
  } finally {
    if (bot.endPoll === end) bot.endPoll = undefined;
  }
}

function requireNoWebhook(bot: Bot): void {
  if (!bot.delivery.webhook) return;
  throw new ApiFailure(
    409,
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
  );
}

/** Forgets updates before `offset`, all but the last `-offset` for a negative one, and the expired ones. */
function confirm(bot: Bot, offset: number): void {
  const pending = bot.queue.all();
  const now = Date.now();
  pending.forEach((entry, index) => {
    const passed = offset < 0 ? index < pending.length + offset : entry.update.update_id < offset;
    if (passed || entry.expiresAt < now) bot.queue.remove(entry);
  });
}
