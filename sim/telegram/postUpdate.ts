import { request, STATUS_CODES, type Agent, type IncomingMessage } from "node:http";

/** Bytes of an answer Telegram looks at; more is of no use to a webhook. */
const MAX_ANSWER_BYTES = 1_000_000;
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** One POST of an update. */
export interface UpdatePost {
  url: string;
  body: string;
  secretToken: string | undefined;
  agent: Agent;
  readTimeoutMs: number;
  /** Cuts the request when the server closes. */
  closing: AbortSignal;
}

/** The receiver's answer. */
export interface WebhookAnswer {
  status: number;
  /** `500 Internal Server Error`. */
  statusLine: string;
  retryAfter: string | undefined;
  contentType: string;
  body: string;
}

/**
 * Posts an update; redirects are not followed. The simulator only connects to plain http on loopback, whatever
 * URL was set, so that a test with a production URL sends nothing to the outside.
 * @throws Error whose message is fit for `last_error_message`.
 */
export function postUpdate(post: UpdatePost): Promise<WebhookAnswer> {
  const { protocol, hostname } = new URL(post.url);
  if (protocol !== "http:" || !LOOPBACK.has(hostname)) {
    return Promise.reject(new Error("Connection refused: the simulator delivers only to http on loopback"));
  }
  return new Promise((resolve, reject) => {
    const outgoing = request(
      post.url,
      {
        method: "POST",
        agent: post.agent,
        signal: post.closing,
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(post.body),
          ...(post.secretToken === undefined ? {} : { "x-telegram-bot-api-secret-token": post.secretToken }),
        },
      },
      (incoming) => {
        readAnswer(incoming).then(resolve, () => reject(new Error("Connection closed")));
      },
    );
    outgoing.setTimeout(post.readTimeoutMs, () => outgoing.destroy(new Error("Read timeout expired")));
    outgoing.on("error", (error: NodeJS.ErrnoException) => reject(new Error(errorText(error))));
    outgoing.end(post.body);
  });
}

async function readAnswer(incoming: IncomingMessage): Promise<WebhookAnswer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    size += part.length;
    if (size <= MAX_ANSWER_BYTES) parts.push(part);
  }
  const status = incoming.statusCode ?? 0;
  return {
    status,
    statusLine: `${status} ${incoming.statusMessage || STATUS_CODES[status] || ""}`.trim(),
    retryAfter: incoming.headers["retry-after"],
    contentType: incoming.headers["content-type"] ?? "",
    body: Buffer.concat(parts).toString("utf8"),
  };
}

function errorText(error: NodeJS.ErrnoException): string {
  if (error.code === "ECONNREFUSED") return "Connection refused";
  if (error.code === "ECONNRESET" || error.code === "EPIPE") return "Connection closed";
  return error.message;
}
