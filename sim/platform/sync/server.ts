import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { FaultPolicy } from "../../faults/index.js";
import { pause } from "../../http/pause.js";
import type { Backend } from "../app/backend.js";
import { isAdminKey } from "../http/functionRoutes.js";
import { LiveQueries } from "./liveQueries.js";
import { decodeTs, type CallOutcome } from "./messages.js";
import type { Write } from "./reads.js";
import { SyncSession, type SyncHub } from "./session.js";

/** Convex pings at least this often; its clients give up after 60 s of silence. */
const PING_EVERY_MS = 15_000;
/** Writes of one function come together; a rerun waits for the transaction anyway. */
const GATHER_MS = 2;
const MAX_MESSAGE_BYTES = 20 * 1024 * 1024;
/** Clients, and mutations of each, whose answers are kept, in case they ask again after a reconnect. */
const MAX_REMEMBERED = 1_000;
const SYNC_PATH = /^\/api\/[^/]+\/sync$/;

type MutationOutcome = CallOutcome & { ts?: bigint };

/** Convex's WebSocket: subscriptions that follow what is written, mutations in order, actions. */
export class SyncServer implements SyncHub {
  private readonly sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  private readonly sessions = new Set<SyncSession>();
  private readonly remembered = new Map<string, Map<number, Promise<MutationOutcome>>>();
  readonly backend: Backend;
  readonly queries: LiveQueries;
  private readonly ping: NodeJS.Timeout;
  private clock = BigInt(Date.now()) * 1_000_000n;
  private settled = this.clock;
  private gathering: NodeJS.Timeout | undefined;
  private flushing: Promise<void> = Promise.resolve();
  private queued: Promise<void> | undefined;
  private closed = false;

  constructor(
    private readonly options: {
      backend: Backend;
      adminKey: string;
      faults: FaultPolicy;
      closing: AbortSignal;
      log: (line: string) => void;
    },
  ) {
    this.backend = options.backend;
    this.queries = new LiveQueries(options.backend, options.backend.indexFields);
    // Writes are heard inside a transaction, where timers are forbidden and everything would belong to it.
    const outside = AsyncLocalStorage.snapshot();
    const later = globalThis.setTimeout;
    options.backend.onWrite((write) => outside(() => this.noteWrite(write, later)));
    this.ping = setInterval(() => {
      for (const session of this.sessions) session.send({ type: "Ping" });
    }, PING_EVERY_MS);
    this.ping.unref();
  }

  /** How many clients are connected, how many different queries they follow, and how often one was run. */
  status(): { clients: number; queries: number; runs: number } {
    return { clients: this.sessions.size, queries: this.queries.size, runs: this.queries.runs };
  }

  /** Takes over a request to upgrade; one for another path is refused. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const faults = this.options.faults.pick({ method: "GET", path });
    for (const fault of faults)
      if (fault.kind === "latency") await pause(fault.latencyMs, this.options.closing);
    const failure = faults.find((fault) => fault.kind !== "latency");
    if (this.closed || failure?.kind === "dropBefore" || failure?.kind === "dropAfter") {
      socket.destroy();
      return;
    }
    const status = failure?.kind === "status" ? failure.status : SYNC_PATH.test(path) ? null : 404;
    if (status !== null) {
      socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const session = new SyncSession(webSocket, this, this.options.log);
      this.sessions.add(session);
      webSocket.on("close", () => this.sessions.delete(session));
    });
  }

  /** Cuts every connection, as a network fault would; clients connect again by themselves. */
  disconnectAll(): void {
    for (const session of this.sessions) session.cut();
  }

  /** Cuts the clients off and runs nothing more. */
  close(): void {
    this.closed = true;
    clearInterval(this.ping);
    clearTimeout(this.gathering);
    this.disconnectAll();
    this.sockets.close();
  }

  isAdminKey(key: string): boolean {
    return isAdminKey(key, this.options.adminKey);
  }

  settledTs(): bigint {
    return this.settled;
  }

  advancePast(ts: string): void {
    const seen = decodeTs(ts);
    if (seen <= this.clock) return;
    this.clock = seen + 1n;
    this.settled = this.clock;
  }

  runOnce(sessionId: string, requestId: number, run: () => Promise<CallOutcome>): Promise<MutationOutcome> {
    const known = this.remembered.get(sessionId) ?? new Map<number, Promise<MutationOutcome>>();
    // The client that asked last is forgotten last.
    this.remembered.delete(sessionId);
    this.remembered.set(sessionId, known);
    forgetOldest(this.remembered);
    const before = known.get(requestId);
    if (before) return before;
    const outcome = run().then((result) => (result.success ? { ...result, ts: ++this.clock } : result));
    known.set(requestId, outcome);
    forgetOldest(known);
    return outcome;
  }

  flush(): Promise<void> {
    // One that has not begun will see everything that is written by now.
    if (!this.queued) {
      this.queued = this.flushing.then(() => {
        this.queued = undefined;
        return this.flushNow();
      });
      this.flushing = this.queued;
    }
    return this.queued;
  }

  private async flushNow(): Promise<void> {
    if (this.closed) return;
    const reached = ++this.clock;
    await this.queries.refreshAll();
    this.settled = reached;
    for (const session of this.sessions) session.sendChanges();
  }

  private noteWrite(write: Write, later: typeof setTimeout): void {
    if (this.closed || !this.queries.noteWrite(write) || this.gathering !== undefined) return;
    this.gathering = later(() => {
      this.gathering = undefined;
      void this.flush();
    }, GATHER_MS);
  }
}

function forgetOldest(map: Map<unknown, unknown>): void {
  for (const oldest of map.keys()) {
    if (map.size <= MAX_REMEMBERED) return;
    map.delete(oldest);
  }
}
