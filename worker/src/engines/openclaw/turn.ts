import path from "node:path";
import { textWithFiles, withMissing } from "../../attachments/files.js";
import { readMedia } from "./mediaPaths.js";
import { EngineError, type EngineReply, type EngineRequest } from "../../engine/engine.js";
import type { OpenClawContext } from "./config.js";
import type { GatewayConnection } from "./connection.js";
import { ConnectionLost, ConnectRefused, unavailable } from "./failures.js";
import { historyPayloadSchema, type HistoryPayload } from "./frames.js";
import { isAttemptAt, traceTurn } from "./history.js";
import type { GatewayLink } from "./link.js";
import { withoutSlashCommand } from "./slashCommand.js";
import {
  emptyAnswer,
  isFinalAgentResponse,
  judgeAgentResponse,
  judgeWaitResponse,
  type Said,
  type Verdict,
} from "./verdict.js";

/** How often one attempt is sent anew after restarts of the gateway; more is the queue's business. */
const MAX_RESENDS = 3;
/** A longer wait is the queue's, in ms. */
const LONGEST_PAUSE_MS = 20_000;
/** Rows of history to look through: the turn in question is always among the newest. */
const HISTORY_ROWS = 100;
/** A turn to find again. */
interface Lost {
  /** Only for a turn sent by this very call: `agent.wait` knows it while the gateway has not restarted. */
  sent?: { runKey: string; bootId: string | undefined };
  isOurs: (runKey: string) => boolean;
}

/**
 * One message's way through the gateway:
 * 1. a later attempt first looks whether an earlier one was answered, or still is being answered;
 * 2. send; the answer normally comes on the same connection;
 * 3. after a lost connection: wait for the run, read the history, and only when the turn is neither answered nor
 *    going on, send again under a new key (a restarted gateway refuses keys it has in its transcript).
 * On timeout and abort the run is aborted at the gateway too.
 */
export class Turn {
  private readonly over = new AbortController();
  private readonly sessionKey: string;
  private runKey: string | undefined;

  constructor(
    private readonly context: OpenClawContext,
    private readonly link: GatewayLink,
    private readonly request: EngineRequest,
  ) {
    this.sessionKey = `agent:main:af:${request.conversationId}`;
  }

  /** @throws EngineError */
  async run(): Promise<EngineReply> {
    const { signal } = this.request;
    const { timeoutMs } = this.context.config;
    if (signal.aborted) throw abortedError();
    const giveUp = (error: EngineError): void => {
      this.abortAtGateway();
      this.over.abort(error);
    };
    const onAbort = (): void => giveUp(abortedError());
    const timer = setTimeout(
      () => giveUp(new EngineError("timeout", `no answer from openclaw within ${timeoutMs} ms`)),
      timeoutMs,
    );
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await this.withFiles(await this.answer());
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** The files that the gateway named beside its answer; those that may not be sent are said to be missing. */
  private async withFiles({ text, media }: Said): Promise<EngineReply> {
    if (media.length === 0) return { text };
    const roots = this.context.config.mediaRoots ?? [];
    const [workspace] = roots;
    // The gateway passes a relative path on as the model wrote it; the model writes them from its workspace.
    const isRelative = (named: string) => workspace !== undefined && /^(?![a-z]+:)[^/]/i.test(named);
    const named = media.map((file) => (isRelative(file) ? path.resolve(workspace ?? "", file) : file));
    const { files, refused } = await readMedia(named, roots);
    return { text: withMissing(text, refused), files };
  }

  private async answer(): Promise<Said> {
    const { messageId, attempt } = this.request;
    if (attempt > 1) {
      const earlier = await this.find({ isOurs: isAttemptAt(messageId) });
      if (earlier !== undefined) return earlier;
    }
    for (let resend = 0; resend <= MAX_RESENDS; resend += 1) {
      const runKey = `${messageId}:${attempt}${resend === 0 ? "" : `:r${resend}`}`;
      const said = await this.sendAs(runKey);
      if (said !== undefined) return said;
    }
    throw unavailable(`the turn was lost ${MAX_RESENDS + 1} times`);
  }

  /** Sends the message. Undefined when it has to be sent again under another key. */
  private async sendAs(runKey: string): Promise<Said | undefined> {
    const connection = await this.usable();
    const verdict = await this.ask(connection, runKey);
    if (verdict.kind === "answer") return saidIn(verdict);
    if (verdict.kind === "later") {
      const { retryAfterMs } = verdict;
      if (retryAfterMs > LONGEST_PAUSE_MS) throw unavailable("it wants to be asked later", retryAfterMs);
      await this.pause(retryAfterMs);
      return undefined;
    }
    return this.find({
      sent: { runKey, bootId: connection.bootId },
      isOurs: (candidate) => candidate === runKey,
    });
  }

  private async ask(connection: GatewayConnection, runKey: string): Promise<Verdict> {
    const { text, attachments, systemPrompt } = this.request;
    const { token, timeoutMs, thinking } = this.context.config;
    this.runKey = runKey;
    const params = {
      message: textWithFiles({ text: withoutSlashCommand(text), attachments }),
      sessionKey: this.sessionKey,
      idempotencyKey: runKey,
      // Seconds, and a little more than ours: the gateway's own limit of 48 h is only meant as a safety net.
      timeout: Math.ceil(timeoutMs / 1000) + 1,
      ...(systemPrompt === undefined ? {} : { extraSystemPrompt: systemPrompt }),
      ...(thinking === undefined ? {} : { thinking }),
    };
    try {
      const options = { signal: this.over.signal, isFinal: isFinalAgentResponse };
      return judgeAgentResponse(await connection.request("agent", params, options), token);
    } catch (error) {
      if (error instanceof ConnectionLost) return { kind: "unknown" };
      throw error;
    }
  }

  /** The answer of a turn whose connection or worker got lost. Undefined when it has to be sent (again). */
  private async find(lost: Lost): Promise<Said | undefined> {
    for (;;) {
      const connection = await this.usable();
      try {
        const found = await this.look(connection, lost);
        if (found !== "going on") return found.said;
        await this.pause(this.context.timing.pollMs);
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
      }
    }
  }

  private async look(connection: GatewayConnection, lost: Lost): Promise<"going on" | { said?: Said }> {
    const { clock, timing, config } = this.context;
    const sameBoot = lost.sent !== undefined && lost.sent.bootId === connection.bootId;
    let ended = false;
    if (lost.sent && sameBoot) {
      const params = { runId: lost.sent.runKey, timeoutMs: timing.waitSliceMs };
      const response = await this.call(connection, "agent.wait", params, timing.waitSliceMs);
      const verdict = judgeWaitResponse(response, config.token);
      if (verdict.kind === "answer") return { said: saidIn(verdict) };
      ended = verdict.kind === "unread";
    }
    const history = await this.history(connection);
    const { runKey, said } = traceTurn(history, lost.isOurs);
    // Gateways that do not tell about activity: a begun turn of the same process is taken to go on.
    const active =
      history.sessionInfo?.hasActiveRun ?? (sameBoot && runKey !== undefined && said === undefined);
    if (!ended && active) {
      this.runKey = runKey ?? this.runKey;
      return "going on";
    }
    if (said !== undefined || runKey === undefined) return { said };
    if (ended) throw emptyAnswer();
    // A gateway that has just restarted resumes a begun turn by itself, a moment after it accepts connections.
    const mayResume = !sameBoot && clock.now() < this.link.connectedAt + timing.resumeGraceMs;
    return mayResume ? "going on" : {};
  }

  private async history(connection: GatewayConnection): Promise<HistoryPayload> {
    const params = { sessionKey: this.sessionKey, limit: HISTORY_ROWS };
    const response = await this.call(connection, "chat.history", params);
    const parsed = historyPayloadSchema.safeParse(response.payload);
    if (!response.ok || !parsed.success) throw unavailable("its history cannot be read");
    return parsed.data;
  }

  private call(connection: GatewayConnection, method: string, params: object, extraMs = 0) {
    const timeoutMs = this.context.timing.requestTimeoutMs + extraMs;
    return connection.request(method, params, { signal: this.over.signal, timeoutMs });
  }

  /** @throws EngineError `unavailable` when there is no connection within `connectTimeoutMs`. */
  private async usable(): Promise<GatewayConnection> {
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(unavailable(this.link.lastProblem)),
      this.context.config.connectTimeoutMs,
    );
    try {
      return await this.link.whenUsable(AbortSignal.any([this.over.signal, late.signal]));
    } catch (error) {
      // Not this message's fault, so it stays retryable.
      if (error instanceof ConnectRefused) throw unavailable(error.message, error.retryAfterMs);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  private async pause(ms: number): Promise<void> {
    await this.context.clock.sleep(ms, this.over.signal);
    this.over.signal.throwIfAborted();
  }

  /** Best effort: without a connection the gateway's own time limit has to do. */
  private abortAtGateway(): void {
    if (this.runKey === undefined) return;
    const params = { sessionKey: this.sessionKey, runId: this.runKey };
    const timeoutMs = this.context.timing.requestTimeoutMs;
    this.link.open?.request("chat.abort", params, { timeoutMs }).catch(() => undefined);
  }
}

const saidIn = ({ text, media = [] }: Verdict & { kind: "answer" }): Said => ({ text, media });

function abortedError(): EngineError {
  return new EngineError("aborted", "the run was given up");
}
