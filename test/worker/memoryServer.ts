/** A component with file storage over real sockets: binds one conversation to a worker, keeps archives, can misbehave. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Job } from "../../src/contract/queue.js";

interface Row {
  snapshotId: string;
  conversationId: string;
  generation: number;
  createdAt: number;
  status: "uploading" | "ready" | "failed";
  reason: string;
  storageId?: string;
  location?: string;
  sha256?: string;
  sizeBytes?: number;
  error?: string;
}

/** The state is open to the test; `calls` has the operations in order. */
export class MemoryServer {
  readonly jobs: Job[] = [];
  readonly rows: Row[] = [];
  readonly files = new Map<string, Buffer>();
  readonly calls: string[] = [];
  readonly answers: string[] = [];
  readonly failures: string[] = [];
  binding: { conversationId: string; generation: number } | null = null;
  control: { shouldStop: boolean; release?: boolean } = { shouldStop: false };
  /** The conversation has turns that its snapshots lack, until another one is begun. */
  outdated = false;
  policy = { everyTurns: 20, maxBytes: 1_000_000 };
  /** Status of the next uploads, first of the list first. */
  uploadFaults: number[] = [];
  /** Named in the next answer to a prepare. */
  readonly discardable: string[] = [];
  /** Changes what a download sends. */
  onDownload: (bytes: Buffer) => Buffer = (bytes) => bytes;
  /** Runs before an operation is answered; a number is sent as its HTTP status, after the operation had its effect. */
  onCall: (operation: string) => number | undefined = () => undefined;
  /** The code of those refusals. */
  refusalCode = "internal";
  private clock = 1;
  private readonly server = createServer((request, response) => void this.serve(request, response));
  private port = 0;

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }
  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
  newest(conversationId: string): Row | undefined {
    return this.rows
      .filter((row) => row.conversationId === conversationId && row.status === "ready")
      .sort((a, b) => b.generation - a.generation || b.createdAt - a.createdAt)[0];
  }
  /** A ready snapshot with this archive. */
  addSnapshot(conversationId: string, generation: number, archive: Buffer): Row {
    const storageId = `file${this.files.size}`;
    this.files.set(storageId, archive);
    const row: Row = {
      snapshotId: `s${this.rows.length}`,
      conversationId,
      generation,
      createdAt: this.clock++,
      status: "ready",
      reason: "manual",
      storageId,
      sha256: createHash("sha256").update(archive).digest("hex"),
      sizeBytes: archive.length,
    };
    this.rows.push(row);
    return row;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers.upgrade !== undefined) return void response.writeHead(404).end(); // it has no WebSocket
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const path = request.url ?? "";
    if (path.startsWith("/upload")) return this.upload(request, body, response);
    if (path.startsWith("/file/")) {
      const bytes = this.files.get(path.slice("/file/".length));
      response.writeHead(bytes ? 200 : 404).end(bytes && this.onDownload(bytes));
      return;
    }
    const operation = path.split("/").at(-1) ?? "";
    this.calls.push(operation);
    const status = this.onCall(operation);
    // A conflict stored nothing; any other refusal may be that of an answer that got lost.
    const happens = status === undefined || this.refusalCode !== "write_conflict";
    const args = JSON.parse(body.toString("utf8")) as Record<string, unknown>;
    const value = happens ? this.answer(operation, args) : undefined;
    response.writeHead(status ?? 200, { "content-type": "application/json" });
    const refusal = { ok: false, error: { code: this.refusalCode, message: "scripted" } };
    response.end(JSON.stringify(status === undefined ? { ok: true, value } : refusal));
  }

  private upload(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const fault = this.uploadFaults.shift();
    if (fault !== undefined) return void response.writeHead(fault).end();
    const digest = `sha-256=${createHash("sha256").update(body).digest("base64")}`;
    if (request.headers.digest !== digest || request.headers["content-length"] !== String(body.length))
      return void response.writeHead(400).end();
    const storageId = `file${this.files.size}`;
    this.files.set(storageId, body);
    response.end(JSON.stringify({ storageId }));
  }

  private answer(operation: string, args: Record<string, unknown>): unknown {
    switch (operation) {
      case "claim":
        return this.claim();
      case "settle":
        return this.settle(args);
      case "heartbeat":
        return { ok: true, leaseExpiresAt: Date.now() + 60_000, shouldStop: false };
      case "control_state":
        return this.control;
      case "memory":
        return this.binding && { workspaceId: "default", agentKey: "a", ...this.binding, ...this.policy };
      case "snapshot_restore": {
        const row = this.binding ? this.newest(this.binding.conversationId) : undefined;
        if (row?.location !== undefined) return { ...row, downloadUrl: row.location };
        return row === undefined
          ? null
          : { ...row, downloadUrl: `${this.origin}/file/${row.storageId ?? ""}` };
      }
      case "snapshot_prepare": {
        this.outdated = false;
        const { conversationId, generation } = this.binding ?? { conversationId: "", generation: 0 };
        const snapshotId = `s${this.rows.length}`;
        const createdAt = this.clock++;
        const reason = String(args.reason);
        this.rows.push({ snapshotId, conversationId, generation, createdAt, reason, status: "uploading" });
        const uploadUrl = `${this.origin}/upload?token=secret-upload-token`;
        return { snapshotId, uploadUrl, expiresAt: 0, discardable: this.discardable.splice(0) };
      }
      case "snapshot_finalize": {
        const row = this.rows.find(({ snapshotId }) => snapshotId === args.snapshotId);
        const stored = this.files.get(String(args.storageId));
        if (!row || (args.location === undefined && stored?.length !== args.sizeBytes)) return false;
        Object.assign(row, { status: "ready" }, args);
        return true;
      }
      case "snapshot_fail": {
        const row = this.rows.find(({ snapshotId }) => snapshotId === args.snapshotId);
        if (row?.status === "uploading") Object.assign(row, { status: "failed", error: args.error });
        return true;
      }
      case "release_conversation": {
        const row = this.newest(String(args.conversationId));
        if (row?.snapshotId !== args.snapshotId || this.outdated) return false;
        this.binding = null;
        this.control = { shouldStop: false };
        return true;
      }
      default:
        return null;
    }
  }

  /** Binds as the component does: a bound worker gets its own conversation only. */
  private claim(): Job | null {
    const { binding } = this;
    const index = this.jobs.findIndex(
      (job) => binding === null || job.conversationId === binding.conversationId,
    );
    const [job] = index < 0 ? [] : this.jobs.splice(index, 1);
    if (job === undefined) return null;
    if (binding === null) {
      const saved = this.newest(job.conversationId)?.generation ?? 0;
      this.binding = { conversationId: job.conversationId, generation: saved + 1 };
    }
    return { ...job, leaseExpiresAt: Date.now() + 60_000 };
  }

  private settle(args: Record<string, unknown>): unknown {
    const { reply, outcome } = args as {
      reply?: { text: string };
      outcome?: { kind: string; errorMessage?: string };
    };
    if (reply !== undefined) this.answers.push(reply.text);
    if (outcome?.kind === "fail") this.failures.push(outcome.errorMessage ?? "");
    const status = outcome === undefined ? "held" : outcome.kind === "fail" ? "queued" : "done";
    return { ok: true, status, nextScheduledFor: null, next: args.claimNext ? this.claim() : null };
  }
}
