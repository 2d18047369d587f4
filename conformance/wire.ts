/** A wire between the worker and one server: it writes every exchange down, and can change, refuse or cut it. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Answer {
  status: number;
  body: string;
  /** Default JSON. */
  contentType?: string;
}
/** One request of the worker. Times are epoch ms. */
export interface Exchange {
  at: number;
  method: string;
  /** Path and query. */
  path: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: string;
  /** The parsed body; undefined when it is no JSON. */
  json: unknown;
  /** What the worker got, and when; null while it waits, and for ever when the connection was cut. */
  answer: (Answer & { at: number; json: unknown }) | null;
}
/** What becomes of a request: an answer, or a cut connection. `forward` passes it to the real server. */
export type Treatment = (exchange: Exchange, forward: () => Promise<Answer>) => Promise<Answer | "cut">;

/** Passes everything on, unchanged. */
const passOn: Treatment = (_exchange, forward) => forward();

export class Wire {
  readonly exchanges: Exchange[] = [];
  treat: Treatment = passOn;
  private readonly closing = new AbortController();
  private readonly server = createServer((request, response) => {
    this.serve(request, response).catch(() => response.destroy());
  });

  private constructor(private readonly target: string) {}

  /** @param target the real server's origin. */
  static async start(target: string): Promise<Wire> {
    const wire = new Wire(target);
    await new Promise<void>((resolve, reject) => {
      wire.server.once("error", reject);
      wire.server.listen(0, "127.0.0.1", resolve);
    });
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.closing.abort();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = Date.now();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString("utf8");
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const method = request.method ?? "";
    const path = request.url ?? "";
    const exchange: Exchange = { at, method, path, headers, body, json: parseJson(body), answer: null };
    this.exchanges.push(exchange);
    const answer = await this.treat(exchange, () => this.forward(exchange));
    if (answer === "cut" || response.destroyed) {
      response.destroy();
      return;
    }
    response.writeHead(answer.status, { "content-type": answer.contentType ?? "application/json" });
    exchange.answer = { ...answer, at: Date.now(), json: parseJson(answer.body) };
    response.end(answer.body);
  }

  private async forward({ method, path, headers, body }: Exchange): Promise<Answer> {
    const passed: Record<string, string> = {};
    for (const name of ["authorization", "content-type"]) {
      const value = headers[name];
      if (value !== undefined) passed[name] = value;
    }
    const response = await fetch(`${this.target}${path}`, {
      method,
      headers: passed,
      body: method === "GET" || method === "HEAD" ? undefined : body,
      signal: this.closing.signal,
    });
    const contentType = response.headers.get("content-type") ?? undefined;
    return { status: response.status, body: await response.text(), contentType };
  }
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
