/** What the exchanges of one trial say: which message the worker held when, and what it sent. */
import { z } from "zod";
import { parseJson, type Exchange } from "./wire.js";

const zReply = z.looseObject({ text: z.string(), parts: z.number(), nextPart: z.number().default(0) });
const zHydration = z.looseObject({
  telegramBotToken: z.string().nullable(),
  reply: zReply.optional(),
});
const zJob = z.looseObject({
  messageId: z.string(),
  leaseId: z.string(),
  leaseExpiresAt: z.number(),
  heartbeatIntervalMs: z.number(),
  payload: z.looseObject({
    provider: z.string(),
    providerUserId: z.string(),
    messageText: z.string(),
    metadata: z.record(z.string(), z.string()).optional(),
  }),
  hydration: zHydration.optional(),
});
const zAnswer = z.looseObject({ ok: z.literal(true), value: z.unknown().optional() });
const zSettled = z.looseObject({ ok: z.boolean(), next: z.unknown().optional() });
const zRenewed = z.looseObject({ ok: z.boolean(), leaseExpiresAt: z.number().optional() });
const zSettleBody = z.looseObject({
  leaseId: z.string(),
  turns: z.array(z.looseObject({ role: z.string(), content: z.string() })).optional(),
  reply: z.looseObject({ text: z.string(), parts: z.number() }).optional(),
  sendingPart: z.number().optional(),
  ambiguousParts: z.array(z.number()).optional(),
  outcome: z
    .looseObject({
      kind: z.string(),
      errorMessage: z.string().optional(),
      retryable: z.boolean().optional(),
    })
    .optional(),
});
const zNamed = z.looseObject({ leaseId: z.string().optional() });
const zTelegram = z.looseObject({
  chat_id: z.union([z.string(), z.number()]).transform(String),
  text: z.string(),
});

type Job = z.output<typeof zJob>;
type Hydration = z.output<typeof zHydration>;
/** A settle and what became of it. */
export interface Settle {
  body: z.output<typeof zSettleBody>;
  exchange: Exchange;
  /** `unheard`: cut, or never answered; `failed`: any other answer than the two of the contract. */
  result: "ok" | "lost" | "failed" | "unheard";
}
/** A message in the worker's hands. Times are epoch ms, null for what did not happen. */
export interface Holding {
  job: Job;
  /** Handed out by a settle. */
  chained: boolean;
  from: number;
  hydration: { at: number; bundle: Hydration | null } | null;
  settles: Settle[];
  heartbeats: Exchange[];
  endedAt: number | null;
  lostAt: number | null;
  lostBy: "heartbeat" | "settle" | null;
  killedAt: number | null;
  /** Until when the lease was granted. */
  expiresAt: number;
}
/** A message on its way to a chat. */
export interface Sent {
  exchange: Exchange;
  botToken: string;
  chatId: string;
  text: string;
  /** It took effect, as far as the chat platform knows. */
  delivered: boolean;
  /** What the worker held then. */
  holding: Holding | undefined;
}

export const operationOf = (exchange: Exchange): string =>
  exchange.path.split("?")[0]?.split("/").at(-1) ?? "";
export const leaseNamedIn = (exchange: Exchange): string | undefined => {
  const body = zNamed.safeParse(exchange.json);
  return body.success ? body.data.leaseId : undefined;
};
const zLastWord = z.looseObject({
  sendingPart: z.number(),
  outcome: z.looseObject({ kind: z.literal("fail") }),
});
/** A settle that ends the message and names the part which was not sent. */
export const isLastWord = ({ json }: Exchange): boolean => zLastWord.safeParse(json).success;
/** The value of an answer of the gateway, or undefined for a refusal, rubbish or none. */
export function valueOf(exchange: Exchange): unknown {
  const parsed = zAnswer.safeParse(exchange.answer?.status === 200 ? exchange.answer.json : undefined);
  return parsed.success ? (parsed.data.value ?? null) : undefined;
}

/** @param kills when the kit killed the worker: then it holds nothing any more. */
export function holdingsOf(gateway: readonly Exchange[], kills: readonly number[]): Holding[] {
  const holdings: Holding[] = [];
  const take = (value: unknown, at: number, chained: boolean) => {
    const job = zJob.safeParse(value);
    if (!job.success) return;
    const bundle = job.data.hydration;
    holdings.push({
      job: job.data,
      chained,
      from: at,
      hydration: bundle === undefined ? null : { at, bundle },
      settles: [],
      heartbeats: [],
      endedAt: null,
      lostAt: null,
      lostBy: null,
      killedAt: kills.find((kill) => kill >= at) ?? null,
      expiresAt: at + Math.max(0, job.data.leaseExpiresAt - at),
    });
  };
  for (const exchange of [...gateway].sort((a, b) => (a.answer?.at ?? a.at) - (b.answer?.at ?? b.at))) {
    const at = exchange.answer?.at ?? exchange.at;
    const operation = operationOf(exchange);
    const holding = holdings.findLast(({ job }) => job.leaseId === leaseNamedIn(exchange));
    if (operation === "claim") take(valueOf(exchange), at, false);
    if (operation === "hydrate") noteHydration(holdings, exchange, at);
    if (operation === "heartbeat" && holding) {
      holding.heartbeats.push(exchange);
      const renewed = zRenewed.safeParse(valueOf(exchange));
      if (renewed.success && !renewed.data.ok) lose(holding, at, "heartbeat");
      if (renewed.success && renewed.data.ok)
        holding.expiresAt = renewed.data.leaseExpiresAt ?? holding.expiresAt;
    }
    const body = operation === "settle" ? zSettleBody.safeParse(exchange.json) : undefined;
    if (body?.success && holding) {
      const settled = zSettled.safeParse(valueOf(exchange));
      const answered = settled.success ? (settled.data.ok ? "ok" : "lost") : "failed";
      const result = exchange.answer === null ? "unheard" : answered;
      holding.settles.push({ body: body.data, exchange, result });
      if (result === "lost") lose(holding, at, "settle");
      if (result === "ok" && body.data.outcome) holding.endedAt ??= at;
      if (settled.success && settled.data.ok) take(settled.data.next, at, true);
    }
  }
  return holdings;
}

function lose(holding: Holding, at: number, by: "heartbeat" | "settle"): void {
  // A heartbeat that crosses the end finds the lease gone because the message was ended.
  if (holding.endedAt !== null) return;
  holding.lostAt ??= at;
  holding.lostBy ??= by;
}

function noteHydration(holdings: Holding[], exchange: Exchange, at: number): void {
  const named = z.looseObject({ messageId: z.string() }).safeParse(exchange.json);
  const value = valueOf(exchange);
  const holding = named.success
    ? holdings.findLast(({ job }) => job.messageId === named.data.messageId)
    : undefined;
  const bundle = zHydration.nullable().safeParse(value);
  if (holding && bundle.success) holding.hydration = { at, bundle: bundle.data };
}

/** When the worker stopped having the message, by itself or not; null while it has it. Expiry is no stop of its own. */
export const overAt = ({ endedAt, lostAt, killedAt }: Holding): number | null => {
  const ends = [endedAt, lostAt, killedAt].filter((at) => at !== null);
  return ends.length === 0 ? null : Math.min(...ends);
};
/** What the worker holds at a time, the newest first come. */
export const heldAt = (holdings: readonly Holding[], at: number): Holding | undefined =>
  holdings.findLast(
    (holding) => holding.from <= at && (overAt(holding) ?? Infinity) > at && holding.expiresAt > at,
  );

/** The messages that went to a chat; JSON, forms and query strings are read alike. */
export function sentOf(telegram: readonly Exchange[], holdings: readonly Holding[]): Sent[] {
  return telegram.flatMap((exchange) => {
    const [path = "", query = ""] = exchange.path.split("?");
    const route = /^\/bot([^/]+)\/sendMessage$/i.exec(decodeURIComponent(path));
    if (!route) return [];
    const form = Object.fromEntries(new URLSearchParams(exchange.json === undefined ? exchange.body : ""));
    const fields = typeof exchange.json === "object" ? exchange.json : form;
    const body = zTelegram.safeParse({ ...Object.fromEntries(new URLSearchParams(query)), ...fields });
    if (!body.success) return [];
    const told = z.looseObject({ ok: z.boolean() }).safeParse(exchange.answer?.json);
    return {
      exchange,
      botToken: route[1] ?? "",
      chatId: body.data.chat_id,
      text: body.data.text,
      delivered: exchange.answer === null || (told.success && told.data.ok),
      holding: holdings.findLast(({ from }) => from <= exchange.at),
    };
  });
}

/** The text of the last user turn in a request to the model, or undefined for any other request. */
export function askedOf(
  exchange: Exchange,
): { text: string; turns: { role: string; content: string }[] } | undefined {
  if (exchange.method !== "POST" || !exchange.path.endsWith("/chat/completions")) return undefined;
  const turn = z.looseObject({ role: z.string(), content: z.string() });
  const body = z.looseObject({ messages: z.array(turn) }).safeParse(parseJson(exchange.body));
  if (!body.success) return undefined;
  return {
    turns: body.data.messages,
    text: body.data.messages.findLast(({ role }) => role === "user")?.content ?? "",
  };
}
