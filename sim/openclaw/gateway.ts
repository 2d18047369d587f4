import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { FaultPlan, type RunFault, type RunFaultInput } from "./faults.js";
import { handshake, PROTOCOL } from "./handshake.js";
import { dispatch, type MethodContext } from "./methods.js";
import type { ModelCall } from "./outcomes.js";
import { requestFrameSchema } from "./params.js";
import { frameText, Peer, refusal } from "./peer.js";
import { type Run, Runs } from "./runs.js";
import { type TranscriptRow, Transcripts } from "./transcripts.js";
import { answerProbe } from "./probes.js";

/** How the fake behaves; everything but the token has the real gateway's value as its default. */
export interface FakeGatewayOptions {
  token: string;
  /** 0 picks a free one. */
  port?: number;
  /** What the model answers; default `echo: <text>`. */
  answer?: (call: ModelCall) => string | Promise<string>;
  /** How long the model takes; default 0. */
  modelMs?: number;
  faults?: RunFaultInput[];
  tickIntervalMs?: number;
  /** How long a client may take to answer the challenge. */
  handshakeTimeoutMs?: number;
  /** `retryAfterMs` told to clients while the gateway is starting. */
  startingRetryAfterMs?: number;
  /** true: refuse clients with `startup-sidecars` until `setStarting(false)`. */
  starting?: boolean;
  /** Where the sessions are kept; absent: in memory. Turns that a crash left open in it are taken up by `listen`. */
  transcriptFile?: string;
  /** Wire protocol: 4, or 3 as spoken until 2026.5.7. */
  protocol?: number;
}

/** A request as it arrived, without credentials. */
export interface SeenRequest {
  method: string;
  params: unknown;
}

/** Before authentication only small frames are read. */
const PRE_AUTH_FRAME_BYTES = 64 * 1024;

/** A gateway imitation on 127.0.0.1. See {@link startFakeOpenClawGateway}. */
export class FakeOpenClawGateway {
  /** Every call of the model, in order. */
  readonly modelCalls: ModelCall[] = [];
  /** Every request after the handshake, in order. */
  readonly requests: SeenRequest[] = [];
  /** Handshakes that succeeded. */
  handshakes = 0;

  private readonly http = createServer((request, response) =>
    answerProbe(request, response, { live: !this.down, ready: !this.starting && !this.draining }),
  );
  private readonly sockets = new WebSocketServer({ noServer: true, maxPayload: 26_214_400 });
  private readonly transcripts: Transcripts;
  private readonly faults: FaultPlan;
  private readonly peers = new Set<Peer>();
  private readonly askers = new Map<Run, Peer>();
  private life = new AbortController();
  private bootId = randomUUID();
  private runs: Runs;
  private starting: boolean;
  private draining = false;
  private down = false;
  private seq = 0;

  constructor(private readonly options: FakeGatewayOptions) {
    this.faults = new FaultPlan(options.faults ?? []);
    this.transcripts = new Transcripts(options.transcriptFile);
    this.starting = options.starting ?? false;
    this.runs = this.newRuns();
    this.http.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
      if (this.down) return void socket.destroy();
      this.sockets.handleUpgrade(request, socket, head, (ws) => this.greet(ws, request));
    });
  }

  /** `ws://127.0.0.1:<port>`. */
  get url(): string {
    return `ws://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  get connections(): number {
    return this.peers.size;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.http.once("error", reject);
      this.http.listen(this.options.port ?? 0, "127.0.0.1", resolve);
    });
    this.runs.resume(this.transcripts.takeOpen());
  }

  /** Ends everything at once; resolves when the port is free. May be called twice. */
  async close(): Promise<void> {
    this.crash();
    this.http.closeAllConnections();
    if (this.http.listening) await new Promise((resolve) => this.http.close(resolve));
  }

  /** Plans a failure for a coming run. */
  fail(fault: RunFaultInput): void {
    this.faults.add(fault);
  }

  transcript(sessionKey: string): readonly TranscriptRow[] {
    return this.transcripts.of(sessionKey);
  }

  /** Opens or ends the window in which clients are told `startup-sidecars`. */
  setStarting(starting: boolean): void {
    this.starting = starting;
  }

  /** The open sockets stay open, but nothing comes through them any more, ticks included. */
  goSilent(): void {
    this.peers.forEach((peer) => (peer.silent = true));
  }

  /** Cuts the open sockets without a closing frame; runs go on. */
  dropConnections(): void {
    this.peers.forEach((peer) => peer.socket.terminate());
  }

  /** As SIGKILL: runs stop where they are, the idempotency cache is gone, connecting fails until `boot`. */
  crash(): void {
    this.life.abort();
    this.down = true;
    this.dropConnections();
  }

  /** As SIGTERM: running turns finish and are answered, then `shutdown` is announced and sockets close with 1012. */
  async shutdown(reason = "SIGTERM"): Promise<void> {
    this.draining = true;
    await Promise.all(this.runs.active().map((run) => run.done));
    // The answers of these runs are queued behind `done`.
    await new Promise((resolve) => setImmediate(resolve));
    for (const peer of this.peers) {
      peer.event("shutdown", { reason });
      peer.socket.close(1012, "service restart");
    }
    this.down = true;
  }

  /**
   * Starts the process anew on the same disk. Turns cut off by a crash are resumed by the gateway itself, unless
   * `resume` is false, as when the note about them did not reach the disk.
   */
  boot({ resume = true }: { resume?: boolean } = {}): void {
    this.life.abort();
    this.life = new AbortController();
    this.bootId = randomUUID();
    this.runs = this.newRuns();
    this.draining = false;
    this.down = false;
    const interrupted = this.transcripts.takeOpen();
    if (resume) this.runs.resume(interrupted);
  }

  private newRuns(): Runs {
    const world = {
      transcripts: this.transcripts,
      faults: this.faults,
      modelCalls: this.modelCalls,
      modelMs: this.options.modelMs ?? 0,
      tellsTerminalReply: (this.options.protocol ?? PROTOCOL) >= 4,
      ask: this.options.answer ?? ((call: ModelCall) => `echo: ${call.text}`),
      broadcast: (event: string, payload: object) => this.broadcast(event, payload),
      strike: (fault: RunFault, run: Run) => this.strike(fault, run),
    };
    return new Runs(world, this.life.signal);
  }

  private broadcast(event: string, payload: object): void {
    this.seq += 1;
    for (const peer of this.peers) if (peer.authenticated) peer.event(event, payload, this.seq);
  }

  private strike(fault: RunFault, run: Run): void {
    const asker = this.askers.get(run);
    if (fault.kind === "close-mid-run") asker?.socket.terminate();
    if (fault.kind === "silent-mid-run" && asker) asker.silent = true;
    if (fault.kind === "crash-mid-run") this.crash();
  }

  private greet(socket: WebSocket, request: IncomingMessage): void {
    const peer = new Peer(socket, request.headers.origin !== undefined, randomUUID());
    this.peers.add(peer);
    const late = setTimeout(() => {
      if (!peer.authenticated) socket.close(1000);
    }, this.options.handshakeTimeoutMs ?? 15_000);
    const tickIntervalMs = this.options.tickIntervalMs ?? 30_000;
    const tick = setInterval(() => {
      if (peer.authenticated) peer.event("tick", { ts: Date.now() });
    }, tickIntervalMs);
    socket.on("message", (data) => this.receive(peer, data));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      clearTimeout(late);
      clearInterval(tick);
      this.peers.delete(peer);
    });
    peer.event("connect.challenge", { nonce: randomUUID(), ts: Date.now(), capabilities: [] });
  }

  private receive(peer: Peer, data: RawData): void {
    const text = frameText(data);
    if (!peer.authenticated && text.length > PRE_AUTH_FRAME_BYTES) return peer.socket.close(1009);
    const frame = requestFrameSchema.safeParse(parseJson(text));
    if (!frame.success) {
      if (!peer.authenticated) return peer.socket.close(1008, "invalid request frame");
      return peer.answer("invalid", refusal("INVALID_REQUEST", "invalid request frame"));
    }
    if (!peer.authenticated) {
      const {
        token,
        protocol = PROTOCOL,
        tickIntervalMs = 30_000,
        startingRetryAfterMs = 500,
      } = this.options;
      const waitMs = this.starting ? startingRetryAfterMs : undefined;
      const context = { token, protocol, bootId: this.bootId, tickIntervalMs, startingRetryAfterMs: waitMs };
      if (handshake(context, peer, frame.data)) this.handshakes += 1;
      return;
    }
    this.requests.push({ method: frame.data.method, params: frame.data.params });
    dispatch(this.methodContext(), peer, frame.data);
  }

  private methodContext(): MethodContext {
    return {
      runs: this.runs,
      transcripts: this.transcripts,
      faults: this.faults,
      draining: this.draining,
      life: this.life.signal,
      asked: (run, peer) => {
        this.askers.set(run, peer);
        void run.done.then(() => this.askers.delete(run));
      },
    };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Starts an imitation of the OpenClaw gateway on 127.0.0.1: wire protocol, session queues, idempotency cache, crash
 * resume and failures on demand, with scripted answers instead of a model.
 * @throws when the port is taken.
 */
export async function startFakeOpenClawGateway(options: FakeGatewayOptions): Promise<FakeOpenClawGateway> {
  const gateway = new FakeOpenClawGateway(options);
  await gateway.listen();
  return gateway;
}
