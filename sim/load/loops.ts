import { ConvexHttpClient } from "convex/browser";
import { anyApi } from "convex/server";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { messageNamedIn } from "../demo/traffic.js";
import { persistently, type CallErrors } from "./calls.js";
import type { Ledger } from "./ledger.js";
import type { LoopKind } from "./options.js";
import type { Stage, WorkerSeat } from "./stage.js";

/** How often a worker that found nothing asks again, in ms, at random up to a half more. */
const POLL_MS = 50;
const WORKSPACE = "default";

const jobSchema = z.object({
  messageId: z.string(),
  leaseId: z.string(),
  payload: z.object({ messageText: z.string() }),
});
export type Job = z.output<typeof jobSchema>;
const settledSchema = z.union([
  z.object({ ok: z.literal(true), next: jobSchema.nullable() }),
  z.object({ ok: z.literal(false) }),
]);

export interface LoopParts {
  ledger: Ledger;
  errors: CallErrors;
  signal: AbortSignal;
}

/** A worker in this process: what the app exports for workers, called as the published image does. */
export class LoopWorker {
  private readonly client: ConvexHttpClient;
  private readonly credential: { workerId: string; workerToken: string };

  constructor(
    stage: Stage,
    { workerId, token }: WorkerSeat,
    private readonly parts: LoopParts,
  ) {
    this.client = new ConvexHttpClient(stage.deployment.cloudUrl, {
      logger: false,
      skipConvexDeploymentUrlCheck: true,
    });
    this.credential = { workerId, workerToken: token };
  }

  /** Answers messages until there are none left. */
  async work(kind: LoopKind): Promise<void> {
    const { ledger, signal } = this.parts;
    const hydrate = kind === "claim-settle";
    while (!ledger.isComplete) {
      let job = await this.persistently("claim", () => this.claim(hydrate));
      if (job === null) await sleep(POLL_MS * (1 + Math.random() / 2), undefined, { signal });
      while (job !== null) job = hydrate ? await this.settle(job) : await this.complete(job);
    }
  }

  /** One claim, not repeated. @throws what the call ends with. */
  async claim(hydrate = false): Promise<Job | null> {
    const claimed: unknown = await this.client.mutation(anyApi.agentFactory!.workerClaim!, {
      ...this.credential,
      ...(hydrate ? { hydrate } : {}),
    });
    return this.took(jobSchema.nullable().parse(claimed));
  }

  /** Hydration and completion, each a call of its own, as 1.0.11's workers do. */
  async complete(job: Job): Promise<null> {
    const lease = this.leaseOf(job);
    await this.persistently("hydrate", () =>
      this.client.query(anyApi.agentFactory!.workerHydrationBundle!, { ...lease, workspaceId: WORKSPACE }),
    );
    this.ends(job);
    const completed: unknown = await this.persistently("complete", () =>
      this.client.mutation(anyApi.agentFactory!.workerComplete!, lease),
    );
    if (completed === true) this.answered(job);
    return null;
  }

  /** The reply is recorded, then the end is reported, which hands out the next message: as this repository's worker does. */
  private async settle(job: Job): Promise<Job | null> {
    const lease = this.leaseOf(job);
    const text = `answer to: ${job.payload.messageText}`;
    const turns = [
      { role: "user", content: job.payload.messageText },
      { role: "assistant", content: text },
    ];
    const said = { turns, reply: { text, parts: 1 }, sendingPart: 0 };
    const call = (more: object) =>
      this.persistently("settle", async () =>
        settledSchema.parse(
          await this.client.mutation(anyApi.agentFactory!.workerSettle!, { ...lease, ...more }),
        ),
      );
    if (!(await call(said)).ok) return null;
    this.ends(job);
    const ended = await call({ outcome: { kind: "complete" }, claimNext: { hydrate: true } });
    if (!ended.ok) return null;
    this.answered(job);
    return this.took(ended.next);
  }

  private persistently<T>(what: string, call: () => Promise<T>): Promise<T> {
    return persistently(what, this.parts.errors, this.parts.signal, call);
  }

  private leaseOf({ messageId, leaseId }: Job) {
    return { ...this.credential, messageId, leaseId };
  }
  private took(job: Job | null): Job | null {
    const message = job && messageNamedIn(job.payload.messageText);
    if (message) this.parts.ledger.claimed(message, Date.now());
    return job;
  }
  private ends(job: Job): void {
    const message = messageNamedIn(job.payload.messageText);
    if (message) this.parts.ledger.ends(message);
  }
  private answered(job: Job): void {
    const message = messageNamedIn(job.payload.messageText);
    if (message) this.parts.ledger.answered(message, Date.now());
  }
}
