import { Hono } from "hono";
import {
  adminGuard,
  faultRoutes,
  FaultPolicy,
  injectFaults,
  seededRandom,
  type SimEnv,
} from "../faults/index.js";
import { createClosing } from "../http/closing.js";
import { Journal } from "../http/journal.js";
import { listenLoopback } from "../http/listen.js";
import { ApiFailure } from "./apiFailure.js";
import { readArgs } from "./args.js";
import { addChat, findChat } from "./chats.js";
import { callMethod, isCallableFromAnswer, type MethodContext } from "./dispatch.js";
import { fileAt } from "./files.js";
import { GENEROUS_RATE_LIMITS, RateLimiter } from "./rateLimits.js";
import { BotRegistry } from "./registry.js";
import { simRoutes } from "./simRoutes.js";
import type {
  ChatActionRecord,
  DeliveryRecord,
  OutboxMessage,
  TelegramServer,
  TelegramServerOptions,
} from "./types.js";
import { UserActions } from "./userActions.js";

/** How long the real service waits for a webhook's answer. */
const READ_TIMEOUT_MS = 60_000;
const DEFAULT_WAIT_MS = 10_000;

/**
 * Starts a Telegram Bot API server on 127.0.0.1.
 * @throws when the port is taken, a bot token is malformed or a fault rule is.
 */
export async function startTelegramServer(options: TelegramServerOptions = {}): Promise<TelegramServer> {
  const outbox = new Journal<OutboxMessage>("outbox");
  const chatActions: ChatActionRecord[] = [];
  const deliveries: DeliveryRecord[] = [];
  const random = seededRandom(options.seed ?? 1);
  const closing = createClosing();
  const secondMs = 1000 * (options.timeScale ?? 1);
  const faults = new FaultPolicy(options.faults ?? [], random);
  const users = new UserActions(secondMs);
  const { rateLimits } = options;
  const methods: MethodContext = {
    allowHttpWebhooks: options.allowHttpWebhooks ?? false,
    closing: closing.signal,
    limiter: rateLimits === false ? undefined : new RateLimiter({ ...GENEROUS_RATE_LIMITS, ...rateLimits }),
    onMessage: (message) => outbox.append(message),
    roll: (sides) => 1 + Math.floor(random() * sides),
    onChange: () => {
      outbox.changed();
    },
    onAction: (action) => chatActions.push(action),
  };
  const bots = new BotRegistry(
    {
      random,
      secondMs,
      readTimeoutMs: options.readTimeoutMs ?? READ_TIMEOUT_MS,
      onAttempt: (record) => deliveries.push(record),
      execute: (bot, method, args) => {
        // Telegram throws the result away, refusals included.
        if (isCallableFromAnswer(method)) void callMethod(methods, bot, method, args).catch(() => undefined);
      },
    },
    options.deliveryFaults ?? {},
  );
  for (const bot of options.bots ?? []) bots.add(bot);

  const app = new Hono<SimEnv>();
  app.use("*", injectFaults(faults, closing.signal));
  app.use("/__sim/*", adminGuard);
  app.route("/__sim/faults", faultRoutes(faults));
  app.get("/file/*", (c) => {
    const match = /^\/file\/bot([^/]*)\/(.+)$/.exec(pathOf(c.req.url));
    const file = match && fileAt(bots.byToken(match[1] ?? ""), match[2] ?? "");
    if (!file) throw new ApiFailure(404, "Not Found");
    return new Response(file.bytes.slice(), { headers: { "content-type": "application/octet-stream" } });
  });
  app.on(["GET", "POST"], "*", async (c, next) => {
    const match = /^\/bot([^/]*)\/([^/]+)$/.exec(pathOf(c.req.url));
    if (!match) return next();
    const bot = bots.byToken(match[1] ?? "");
    return c.json(await callMethod(methods, bot, match[2] ?? "", await readArgs(c.req.raw)));
  });
  app.notFound(() => failureResponse(new ApiFailure(404, "Not Found")));
  app.onError((error) =>
    failureResponse(error instanceof ApiFailure ? error : new ApiFailure(500, "Internal Server Error")),
  );

  // The routes need the server object, and its URL needs the routes' socket: mounted before, filled in after.
  const server: TelegramServer = {
    url: "",
    port: 0,
    addBot: (bot) => bots.add(bot).id,
    revokeToken: (botId) => {
      bots.byId(botId).revoked = true;
    },
    addChat: (chat) => {
      addChat(bots.byId(chat.botId), chat);
    },
    setChatState: (chatId, state, botId) => {
      findChat(bots.byId(botId), chatId).state = state;
    },
    migrateChat: (chatId, botId) => {
      const bot = bots.byId(botId);
      return users.migrate(bot, findChat(bot, chatId));
    },
    setNextUpdateId: (updateId, botId) => {
      bots.byId(botId).nextUpdateId = updateId;
    },
    userSends: (message) => users.sendText(bots.byId(message.botId), message),
    userSendsFile: (file) => users.sendFile(bots.byId(file.botId), file),
    userEdits: (edit) => users.edit(bots.byId(edit.botId), edit),
    userPresses: (callback) => users.press(bots.byId(callback.botId), callback),
    userBlocks: (action) => users.block(bots.byId(action.botId), action),
    outbox: () => outbox.all(),
    chatActions: () => [...chatActions],
    deliveries: () => [...deliveries],
    pendingUpdates: (botId) =>
      (botId === undefined ? bots.all() : [bots.byId(botId)]).reduce((sum, bot) => sum + bot.queue.size, 0),
    waitForOutbox: (until, timeoutMs = DEFAULT_WAIT_MS) => outbox.waitFor(until, timeoutMs),
    setFaults: (rules) => faults.set(rules),
    setDeliveryFaults: (next) => bots.setDeliveryFaults(next),
    close: async () => {
      closing.abort();
      outbox.close();
      await bots.close();
      await listening.close();
    },
  };
  app.route("/__sim", simRoutes(server));
  const listening = await listenLoopback(app.fetch, options.port);
  return Object.assign(server, { url: listening.url, port: listening.port });
}

/** Decoded path, since clients may escape the colon of a token. @throws ApiFailure 404 when it does not decode. */
function pathOf(url: string): string {
  try {
    return decodeURIComponent(new URL(url).pathname);
  } catch {
    throw new ApiFailure(404, "Not Found");
  }
}

function failureResponse({ code, description, parameters }: ApiFailure): Response {
  const retryAfter = parameters?.retry_after;
  return Response.json(
    { ok: false, error_code: code, description, ...(parameters ? { parameters } : {}) },
    { status: code, ...(retryAfter === undefined ? {} : { headers: { "retry-after": String(retryAfter) } }) },
  );
}
