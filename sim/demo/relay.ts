import { Hono } from "hono";
import { z } from "zod";
import { dropConnection, type SimEnv } from "../faults/index.js";
import { listenLoopback, type Listening } from "../http/listen.js";

const textSchema = z.object({ messageText: z.string() });
const jobSchema = z.object({
  messageId: z.string(),
  leaseId: z.string(),
  attempt: z.number(),
  payload: textSchema,
});
const requestSchema = z.looseObject({
  messageId: z.string().optional(),
  leaseId: z.string().optional(),
  reply: z.unknown().optional(),
  outcome: z.unknown().optional(),
});
const claimSchema = z.object({ ok: z.literal(true), value: jobSchema });
const savedSchema = z.object({ ok: z.literal(true), value: z.literal(true) });
const restorableSchema = z.object({ ok: z.literal(true), value: z.object({ snapshotId: z.string() }) });
const settledSchema = z.object({
  ok: z.literal(true),
  value: z.union([
    z.object({ ok: z.literal(true), status: z.string(), next: jobSchema.nullable() }),
    z.object({ ok: z.literal(false) }),
  ]),
});

/** A message in a worker's hands. */
export interface Held {
  messageId: string;
  leaseId: string;
  attempt: number;
  text: string;
}

/** One call of a worker on its way to the deployment. */
export interface Call {
  worker: string;
  operation: string;
  request: z.output<typeof requestSchema>;
  /** What the worker works on, as far as the answers it got say so. */
  held: Held | undefined;
  /** Passes the call on and resolves with the deployment's answer. */
  forward(): Promise<Answer>;
}
export interface Answer {
  status: number;
  body: string;
}
/** What becomes of a call: the answer for the worker, or a cut connection. */
export type Treatment = (call: Call) => Promise<Answer | "drop">;

export interface RelayEvents {
  /** A call arrived, of any kind. */
  called(worker: string): void;
  claimed(worker: string, held: Held): void;
  /** The deployment took a snapshot of the worker's memory. */
  saved(worker: string): void;
  /** The worker was told of a snapshot to restore. */
  restored(worker: string): void;
}

/** The wire between the workers and the deployment, one address per worker, so that the demo sees and can cut it. */
export class Relay {
  private readonly held = new Map<string, Held>();
  private readonly closing = new AbortController();
  /** Every call passes through here; the demo replaces it to cut or to sabotage. */
  treat: Treatment = (call) => call.forward();

  private constructor(
    private readonly siteUrl: string,
    private readonly events: RelayEvents,
  ) {}

  private listening: Listening | undefined;

  static async start(siteUrl: string, events: RelayEvents): Promise<Relay> {
    const relay = new Relay(siteUrl, events);
    const app = new Hono<SimEnv>().post("/via/:worker/*", async (c) => {
      const worker = c.req.param("worker");
      const { pathname } = new URL(c.req.url);
      const answer = await relay.pass(worker, pathname.slice(`/via/${worker}`.length), c.req.raw);
      if (answer === "drop") return dropConnection(c);
      return new Response(answer.body, {
        status: answer.status,
        headers: { "content-type": "application/json" },
      });
    });
    relay.listening = await listenLoopback((request, env) => app.fetch(request, env));
    return relay;
  }

  /** What a worker gets in place of the deployment's site origin. */
  urlFor(worker: string): string {
    return `${this.listening?.url ?? ""}/via/${worker}`;
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.listening?.close();
  }

  private async pass(worker: string, path: string, incoming: Request): Promise<Answer | "drop"> {
    const body = await incoming.text();
    const request = requestSchema.catch({}).parse(parseJson(body));
    const operation = path.split("/").at(-1) ?? "";
    this.events.called(worker);
    const held = this.held.get(worker);
    const forward = async (): Promise<Answer> => {
      const response = await fetch(`${this.siteUrl}${path}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: incoming.headers.get("authorization") ?? "",
        },
        body,
        signal: this.closing.signal,
      });
      return { status: response.status, body: await response.text() };
    };
    let answer: Answer | "drop";
    try {
      answer = await this.treat({ worker, operation, request, held, forward });
    } catch {
      return "drop";
    }
    if (answer !== "drop") this.note(worker, operation, answer.body);
    return answer;
  }

  private note(worker: string, operation: string, body: string): void {
    if (operation === "claim") {
      const claimed = claimSchema.safeParse(parseJson(body));
      if (claimed.success) this.hold(worker, claimed.data.value);
    }
    if (operation === "snapshot_finalize" && savedSchema.safeParse(parseJson(body)).success)
      this.events.saved(worker);
    if (operation === "snapshot_restore" && restorableSchema.safeParse(parseJson(body)).success)
      this.events.restored(worker);
    if (operation === "settle") {
      const settled = settledSchema.safeParse(parseJson(body));
      if (!settled.success) return;
      const { value } = settled.data;
      if (!value.ok || value.status !== "held") this.held.delete(worker);
      if (value.ok && value.next) this.hold(worker, value.next);
    }
  }

  private hold(worker: string, job: z.output<typeof jobSchema>): void {
    const { messageId, leaseId, attempt } = job;
    const held = { messageId, leaseId, attempt, text: job.payload.messageText };
    this.held.set(worker, held);
    this.events.claimed(worker, held);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
