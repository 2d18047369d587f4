import { backoffMs } from "../../../../src/policy/retry/backoff.js";
import { jittered } from "../../clock.js";
import type { OpenClawContext } from "./config.js";
import { GatewayConnection } from "./connection.js";
import { abortReason, ConnectRefused, unavailable } from "./failures.js";

interface Waiter {
  resolve(connection: GatewayConnection): void;
  reject(error: Error): void;
}

/** Keeps one connection to the gateway open: connects again with growing pauses for as long as it is not stopped. */
export class GatewayLink {
  /** Epoch ms of the last successful handshake. */
  connectedAt = 0;
  /** Why there is no connection, for error messages. */
  lastProblem = "not started";

  private connection: GatewayConnection | undefined;
  private readonly waiters = new Set<Waiter>();
  private readonly stopping = new AbortController();
  private maintaining: Promise<void> | undefined;

  constructor(private readonly context: OpenClawContext) {}

  start(): void {
    this.lastProblem = "connecting";
    this.maintaining ??= this.maintain();
  }

  /** There will be no gateway: whoever waits for one is told why. */
  giveUp(reason: string): void {
    this.lastProblem = reason;
    this.rejectWaiters(new ConnectRefused(reason, true));
  }

  /** Never rejects. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.connection?.close();
    await this.maintaining;
    this.rejectWaiters(unavailable("the engine was stopped"));
  }

  /** The connection new work may be given to. */
  get current(): GatewayConnection | undefined {
    return this.connection?.usable ? this.connection : undefined;
  }

  /** The connection even while the gateway drains: for what concerns work already running. */
  get open(): GatewayConnection | undefined {
    return this.connection;
  }

  /**
   * Resolves with a usable connection.
   * @throws ConnectRefused when the gateway will not let this client in, the signal's reason when aborted.
   */
  whenUsable(signal: AbortSignal): Promise<GatewayConnection> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(abortReason(signal));
      if (this.current) return resolve(this.current);
      const done = (): void => {
        this.waiters.delete(waiter);
        signal.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => waiter.reject(abortReason(signal));
      const waiter: Waiter = {
        resolve: (connection) => (done(), resolve(connection)),
        reject: (error) => (done(), reject(error)),
      };
      this.waiters.add(waiter);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  private async maintain(): Promise<void> {
    const { clock, timing, log, config } = this.context;
    const stopped = this.stopping.signal;
    let failures = 0;
    let told: string | undefined;
    while (!stopped.aborted) {
      // A gateway of our own is on this machine and expected back soon: no reason to wait for long.
      const own = config.gateway !== undefined;
      const { reconnectMinMs: baseMs, reconnectMaxMs } = timing;
      const maxMs = own ? Math.min(timing.ownReconnectMs, reconnectMaxMs) : reconnectMaxMs;
      let waitMs = backoffMs(failures + 1, { baseMs, maxMs });
      try {
        const connection = await GatewayConnection.open(this.context, stopped);
        // Stopped in the moment the handshake ended: nobody else would close it.
        if (stopped.aborted) return void (await connection.close());
        failures = 0;
        told = undefined;
        waitMs = Math.min(waitMs, timing.reconnectMinMs);
        this.lastProblem = await this.hold(connection);
      } catch (error) {
        failures += 1;
        this.lastProblem = error instanceof Error ? error.message : "unknown error";
        if (error instanceof ConnectRefused) {
          // The gateway knows best when it will be up; a wrong token is not cured by asking often.
          waitMs = error.retryAfterMs ?? (error.permanent ? timing.reconnectMaxMs : waitMs);
          if (error.permanent) this.rejectWaiters(error);
        }
      }
      if (stopped.aborted) return;
      // Never earlier than asked for: jitter only adds.
      waitMs = jittered(waitMs * 1.2, clock.random(), 1 / 6);
      if (!own || told !== this.lastProblem)
        log.warn({ reason: this.lastProblem, waitMs }, "openclaw gateway not connected");
      told = this.lastProblem;
      await clock.sleep(waitMs, stopped);
    }
  }

  /** Offers the connection until it ends; returns why it ended. */
  private async hold(connection: GatewayConnection): Promise<string> {
    this.connection = connection;
    this.connectedAt = this.context.clock.now();
    this.context.log.info({}, "openclaw gateway connected");
    for (const waiter of [...this.waiters]) waiter.resolve(connection);
    const reason = await connection.closed;
    this.connection = undefined;
    return reason;
  }

  private rejectWaiters(error: Error): void {
    for (const waiter of [...this.waiters]) waiter.reject(error);
  }
}
