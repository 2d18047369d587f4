/** Bound users and their pushes for the tests of a world. */
import type { Doc } from "../../src/component/_generated/dataModel.js";
import type { World } from "./world.js";

export interface PersonOptions {
  agentKey?: string;
  workspace?: string;
  chat?: boolean;
  boundAt?: number;
}

/** Bound to an agent; with `chat` in Telegram, where `u7` has the chat `chat-u7`. Written as `bindUserAgent` writes it. */
export const bind = (
  world: World,
  consumerUserId: string,
  { agentKey = "default", workspace = "default", chat = true, boundAt = Date.now() }: PersonOptions = {},
) =>
  world.t.run(async (ctx) => {
    await ctx.db.insert("identityBindings", {
      consumerUserId,
      agentKey,
      workspace,
      status: "active",
      source: "api",
      channel: "telegram",
      ...(chat && { chatId: `chat-${consumerUserId}`, userId: `tg-${consumerUserId}` }),
      boundAt,
    });
  });

export const unbind = (world: World, consumerUserId: string) =>
  world.t.run(async (ctx) => {
    for (const row of await ctx.db.query("identityBindings").collect()) {
      if (row.consumerUserId !== consumerUserId) continue;
      await ctx.db.patch(row._id, { status: "revoked", revokedAt: Date.now() });
    }
  });

/** A daily job at 09:00 UTC unless said otherwise. */
export const daily = (
  world: World,
  consumerUserId: string,
  fields: {
    companyId?: string;
    time?: string;
    text?: string;
    timezone?: string;
    missedRunPolicy?: "run_once" | "skip";
  } = {},
) => {
  const {
    companyId = "acme",
    time = "09:00",
    text = "good morning",
    timezone = "UTC",
    missedRunPolicy,
  } = fields;
  return world.t.mutation(world.lib.createPushJobCustom, {
    ...{ companyId, consumerUserId, title: "Morning", text, timezone, missedRunPolicy },
    periodicity: "daily",
    schedule: { kind: "daily", time },
  });
};

/** Everything that is in the queue, oldest first. */
export const queued = (world: World): Promise<Doc<"messageQueue">[]> =>
  world.t.run((ctx) => ctx.db.query("messageQueue").collect());
