/** One request to Telegram's Bot API. Its URL holds the bot's token, so no error text of fetch is passed on. */
import { z } from "zod";
import { Departure } from "../../net/departure.js";
import { failureOf } from "../../net/failure.js";

export interface CallOptions {
  /** Without a trailing slash; Telegram's own is `https://api.telegram.org`. */
  baseUrl: string;
  /** Longest wait for one answer of Telegram, in ms. */
  timeoutMs: number;
  fetch?: typeof fetch;
}

const replySchema = z.object({
  ok: z.boolean(),
  error_code: z.number().optional(),
  description: z.string().optional(),
  parameters: z
    .object({
      retry_after: z.number().nonnegative().optional(),
      migrate_to_chat_id: z.union([z.number(), z.string()]).optional(),
    })
    .optional(),
});
export type Reply = z.infer<typeof replySchema>;

/**
 * What one HTTP exchange showed. `unsent`: nothing of the request left this machine, so nothing arrived. `withheld`: neither, as
 * `maySend` forbade it at the last moment or the call was aborted before. `silent`: sent, no usable answer.
 */
export type Exchange =
  | { kind: "reply"; status: number; reply: Reply | null }
  | { kind: "withheld"; reason: string }
  | { kind: "unsent" | "silent"; reason: string };

/** Never rejects, except with the signal's reason when aborted after the request had left. A form is an upload. */
export async function call(
  options: CallOptions,
  token: string,
  method: string,
  body: Record<string, unknown> | FormData,
  signal: AbortSignal,
  maySend: () => boolean = () => true,
): Promise<Exchange> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const isForm = body instanceof FormData;
  const departure = new Departure(() => !signal.aborted && maySend());
  try {
    const response = await (options.fetch ?? fetch)(`${options.baseUrl}/bot${token}/${method}`, {
      method: "POST",
      // Each request on its own connection: a kept one that the server has just closed fails like a lost answer, and
      // that message would never be sent. A form brings its own content type.
      headers: { ...(isForm ? {} : { "content-type": "application/json" }), connection: "close" },
      body: isForm ? body : JSON.stringify(body),
      signal: AbortSignal.any([signal, timeout]),
      ...departure.watching,
    });
    const text = await response.text();
    return { kind: "reply", status: response.status, reply: parseReply(text) };
  } catch (error) {
    const failure = failureOf(error);
    // A proxy that asks for a login has passed nothing on, though it was given the request.
    const left = departure.began && failure.kind !== "proxy";
    const kind = left ? "silent" : "unsent";
    if (left) signal.throwIfAborted();
    else if (signal.aborted || departure.refused)
      return { kind: "withheld", reason: "telegram: held back before it was sent" };
    const waited = left ? "no answer" : "no connection";
    if (timeout.aborted) return { kind, reason: `telegram: ${waited} within ${options.timeoutMs} ms` };
    return { kind, reason: `telegram: ${failure.what}` };
  }
}

function parseReply(text: string): Reply | null {
  try {
    return replySchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
