import { randomUUID } from "node:crypto";
import { WebSocket, type RawData } from "ws";
import type { OpenClawContext } from "./config.js";
import { abortReason, ConnectionLost, ConnectRefused, describeGatewayError } from "./failures.js";
import { helloSchema, parseServerFrame, type Hello, type ResponseFrame } from "./frames.js";

/** The gateway closes a socket that has not answered its challenge after this long. */
const HANDSHAKE_LIMIT_MS = 15_000;
/** The gateway's own `policy.maxPayload` is 25 MiB. */
const MAX_FRAME_BYTES = 32 * 1024 * 1024;

interface Pending {
  isFinal: (response: ResponseFrame) => boolean;
  resolve(response: ResponseFrame): void;
  reject(error: Error): void;
}

export interface RequestOptions {
  /** Give up after this long; absent means until the connection ends. */
  timeoutMs?: number;
  /** Give up when aborted. */
  signal?: AbortSignal;
  /** For requests answered more than once: which response is the last. Default: the first. */
  isFinal?: (response: ResponseFrame) => boolean;
}

/**
 * One WebSocket to the gateway, from the challenge to its end. Requests are matched to responses by id; a connection
 * without any frame for two tick intervals is dead and gets cut.
 */
export class GatewayConnection {
  /** Resolves, with the reason, when the connection has ended. */
  readonly closed: Promise<string>;
  /** Set after the handshake. Changes when the gateway restarts. */
  bootId: string | undefined;
  /** The gateway has announced its shutdown: running turns are still answered, new ones are not wanted. */
  draining = false;

  private readonly pending = new Map<string, Pending>();
  private readonly socket: WebSocket;
  private silence: NodeJS.Timeout | undefined;
  private silenceLimitMs = Infinity;
  private closeReason: string | undefined;
  private challenged: () => void = () => undefined;

  private constructor(private readonly context: OpenClawContext) {
    this.socket = new WebSocket(context.config.url, {
      perMessageDeflate: false,
      maxPayload: MAX_FRAME_BYTES,
      handshakeTimeout: Math.min(context.config.connectTimeoutMs, HANDSHAKE_LIMIT_MS),
    });
    this.closed = new Promise((resolve) => {
      this.socket.on("close", (code: number) => {
        clearTimeout(this.silence);
        const reason = (this.closeReason ??= `closed with ${code}`);
        for (const request of this.pending.values()) request.reject(new ConnectionLost(reason));
        this.pending.clear();
        resolve(reason);
      });
    });
    // "close" always follows; without a listener the process would end.
    this.socket.on("error", (error) => (this.closeReason ??= error.message));
    this.socket.on("message", (data) => this.receive(data));
  }

  /**
   * Connects and authenticates; given up when `signal` is aborted.
   * @throws ConnectRefused when the gateway says no, ConnectionLost when it cannot be reached or says nothing.
   */
  static async open(context: OpenClawContext, signal: AbortSignal): Promise<GatewayConnection> {
    const connection = new GatewayConnection(context);
    const limitMs = Math.min(context.config.connectTimeoutMs, HANDSHAKE_LIMIT_MS);
    const late = setTimeout(() => connection.cut("no handshake in time"), limitMs);
    const onAbort = (): void => connection.cut("given up");
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await connection.challenge();
      const response = await connection.request("connect", connectParams(context.config.token));
      connection.admit(response);
      return connection;
    } catch (error) {
      connection.cut("handshake failed");
      throw error;
    } finally {
      clearTimeout(late);
      signal.removeEventListener("abort", onAbort);
    }
  }

  get usable(): boolean {
    return !this.draining && this.closeReason === undefined && this.socket.readyState === WebSocket.OPEN;
  }

  /**
   * Sends one request.
   * @throws ConnectionLost when the connection ends or `timeoutMs` passes first, the signal's reason when aborted.
   */
  request(method: string, params: object, options: RequestOptions = {}): Promise<ResponseFrame> {
    const { signal, timeoutMs } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortReason(signal));
      if (this.socket.readyState !== WebSocket.OPEN) return reject(new ConnectionLost("not connected"));
      const id = randomUUID();
      const forget = (): void => {
        this.pending.delete(id);
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      const fail = (error: Error): void => {
        forget();
        reject(error);
      };
      const onAbort = (): void => fail(signal ? abortReason(signal) : new ConnectionLost("aborted"));
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => fail(new ConnectionLost(`no answer to ${method}`)), timeoutMs);
      signal?.addEventListener("abort", onAbort, { once: true });
      this.pending.set(id, {
        isFinal: options.isFinal ?? (() => true),
        reject: fail,
        resolve: (response) => {
          forget();
          resolve(response);
        },
      });
      this.socket.send(JSON.stringify({ type: "req", id, method, params }));
    });
  }

  /** Ends the connection politely; frames already sent still go out. */
  async close(): Promise<void> {
    this.closeReason ??= "closed by us";
    this.socket.close(1000);
    const late = setTimeout(() => this.socket.terminate(), 1_000);
    await this.closed;
    clearTimeout(late);
  }

  private challenge(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.challenged = resolve;
      void this.closed.then((reason) => reject(new ConnectionLost(reason)));
    });
  }

  private admit(response: ResponseFrame): void {
    if (!response.ok) {
      const { error } = response;
      const permanent = error?.code !== "UNAVAILABLE" && error?.retryable !== true;
      const reason = describeGatewayError(error, this.context.config.token);
      throw new ConnectRefused(reason, permanent, error?.retryAfterMs);
    }
    const hello = helloSchema.safeParse(response.payload);
    if (!hello.success) throw new ConnectRefused("the gateway's hello has an unknown shape", true);
    this.supervise(hello.data);
  }

  private supervise(hello: Hello): void {
    this.bootId = hello.server?.bootId;
    this.silenceLimitMs = 2 * hello.policy.tickIntervalMs;
    this.silence = setTimeout(() => this.cut("silent for two tick intervals"), this.silenceLimitMs);
  }

  private cut(reason: string): void {
    this.closeReason ??= reason;
    this.socket.terminate();
  }

  private receive(data: RawData): void {
    // Any frame proves that the other side is alive.
    this.silence?.refresh();
    const frame = parseServerFrame(frameText(data));
    if (!frame) return;
    if (frame.type === "event") {
      if (frame.event === "connect.challenge") this.challenged();
      if (frame.event === "shutdown") this.draining = true;
      return;
    }
    const request = this.pending.get(frame.id);
    if (request?.isFinal(frame)) request.resolve(frame);
  }
}

/** A backend on the gateway's own machine with the shared token needs no device identity. */
function connectParams(token: string): object {
  return {
    minProtocol: 3,
    maxProtocol: 4,
    client: { id: "gateway-client", version: "1.0.0", platform: process.platform, mode: "backend" },
    role: "operator",
    scopes: ["operator.admin", "operator.read", "operator.write"],
    auth: { token },
  };
}

/** The text of a frame, however the socket delivered it. */
function frameText(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return data instanceof ArrayBuffer ? Buffer.from(data).toString() : data.toString();
}
