import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { clearTimeout, setTimeout } from "node:timers";
import { WebSocketServer } from "ws";
import type { FaultPolicy } from "../../faults/index.js";
import { pause } from "../../http/pause.js";
import type { Commit, Engine } from "../../engine/index.js";
import { isAdminKey } from "../http/functionRoutes.js";
import { LiveQueries } from "./liveQueries.js";
import { decodeTs } from "./messages.js";
import { SyncSession, type MutationOutcome, type SyncHub } from "./session.js";

/** Convex pings at least this often; its clients give up after 60 s of silence. */
const PING_EVERY_MS = 15_000;
/** Commits that come together are followed together. */
const GATHER_MS = 2;
const MAX_MESSAGE_BYTES = 20 * 1024 * 1024;
/** Clients, and mutations of each, whose answers are kept, in case they ask again after a reconnect. */
const MAX_REMEMBERED = 1_000;
/** The JavaScript client names its version, the Rust core (and Python, which wraps it) does not. */
const SYNC_PATH = /^\/api\/(?:[^/]+\/)?sync$/;

/** Convex's WebSocket: subscriptions that follow what is written, mutations in order, actions. */
export class SyncServer implements SyncHub {
  private readonly sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  private readonly sessions = new Set<SyncSession>();
  private readonly remembered = new Map<string, Map<number, Promise<MutationOutcome>>>();
  readonly engine: Engine;
  readonly queries: LiveQueries;
  private readonly ping: NodeJS.Timeout;
  private settled = 0n;
  private gathering: NodeJS.Timeout | undefined;
  private flushing: Promise<void> = Promise.resolve();
  private queued: Promise<void> | undefined;
  private closed = false;

  constructor(
    private readonly options: {
      engine: Engine;
      adminKey: string;
      faults: FaultPolicy;
      closing: AbortSignal;
      log: (line: string) => void;
    },
  ) {
    this.engine = options.engine;
    this.queries = new LiveQueries(options.engine);
    options.engine.onCommit((commit) => this.noteCommit(commit));
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
    this.engine.advancePast(decodeTs(ts));
  }

  runOnce(
    sessionId: string,
    requestId: number,
    run: () => Promise<MutationOutcome>,
  ): Promise<MutationOutcome> {
    const known = this.remembered.get(sessionId) ?? new Map<number, Promise<MutationOutcome>>();
    // The client that asked last is forgotten last.
    this.remembered.delete(sessionId);
    this.remembered.set(sessionId, known);
    forgetOldest(this.remembered);
    const before = known.get(requestId);
    if (before) return before;
    const outcome = run();
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
    const snapshot = this.engine.latest;
    await this.queries.refreshAll(snapshot);
    this.settled = snapshot.ts;
    for (const session of this.sessions) session.sendChanges();
  }

  private noteCommit(commit: Commit): void {
    if (this.closed || !this.queries.noteCommit(commit) || this.gathering !== undefined) return;
    this.gathering = setTimeout(() => {
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
