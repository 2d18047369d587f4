import { Hono } from "hono";
import { z } from "zod";
import type { SimEnv } from "../faults/index.js";
import type { TelegramServer } from "./types.js";

const chance = z.strictObject({
  count: z.number().int().positive().optional(),
  probability: z.number().min(0).max(1).optional(),
});
const faultsBody = z.strictObject({ duplicate: chance.optional(), loseResponse: chance.optional() });
const actor = {
  botId: z.number().int().optional(),
  chatId: z.number().int(),
  fromId: z.number().int().optional(),
  username: z.string().optional(),
  firstName: z.string().optional(),
  messageThreadId: z.number().int().optional(),
};
const textBody = z.strictObject({
  ...actor,
  text: z.string().min(1),
  replyToMessageId: z.number().int().optional(),
});
const stateBody = z.strictObject({
  botId: z.number().int().optional(),
  chatId: z.number().int(),
  state: z.enum(["open", "blocked", "deactivated", "kicked", "noRights"]),
});

/** The inspection and control routes for use from another process. Mount at `/__sim` behind the admin guard. */
export function simRoutes(server: TelegramServer): Hono<SimEnv> {
  const routes = new Hono<SimEnv>();
  // Of a file its size; the content stays here.
  const outbox = () =>
    server.outbox().map(({ file, ...message }) => {
      if (!file) return message;
      const { bytes, ...named } = file;
      return { ...message, file: { ...named, sizeBytes: bytes.byteLength } };
    });
  routes.get("/outbox", (c) => c.json({ outbox: outbox() }));
  routes.get("/chat-actions", (c) => c.json({ chatActions: server.chatActions() }));
  routes.get("/deliveries", (c) =>
    c.json({ deliveries: server.deliveries(), pending: server.pendingUpdates() }),
  );
  const post = <Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    run: (body: z.output<Schema>) => object,
  ) =>
    routes.post(path, async (c) => {
      const body = schema.safeParse(await c.req.json().catch(() => undefined));
      if (!body.success) return c.json({ error: z.prettifyError(body.error) }, 400);
      try {
        return c.json(run(body.data));
      } catch (error) {
        return c.json({ error: error instanceof Error ? error.message : String(error) }, 400);
      }
    });
  post("/user-sends", textBody, (body) => ({ updateId: server.userSends(body) }));
  post("/delivery-faults", faultsBody, (body) => {
    server.setDeliveryFaults(body);
    return { deliveryFaults: body };
  });
  post("/chat-state", stateBody, ({ chatId, state, botId }) => {
    server.setChatState(chatId, state, botId);
    return { chatId, state };
  });
  return routes;
}
