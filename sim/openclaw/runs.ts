import { randomUUID } from "node:crypto";
import { pause } from "../http/pause.js";
import type { FaultPlan, RunFault } from "./faults.js";
import * as outcomes from "./outcomes.js";
import type { ModelCall, Outcome } from "./outcomes.js";
import type { AgentParams } from "./params.js";
import type { OpenTurn, Transcripts } from "./transcripts.js";

/** What runs need from the gateway around them. */
export interface RunWorld {
  readonly transcripts: Transcripts;
  readonly faults: FaultPlan;
  readonly modelCalls: ModelCall[];
  readonly modelMs: number;
  /** Protocol 4 gateways repeat the reply at the end of a run and in `agent.wait`; protocol 3 ones do not. */
  readonly tellsTerminalReply: boolean;
  ask(call: ModelCall): string | Promise<string>;
  broadcast(event: string, payload: object): void;
  /** A fault that hits the connection or the process, at the moment the run has started. */
  strike(fault: RunFault, run: Run): void;
}

/** A turn from its acceptance on. */
export interface Run {
  readonly runId: string;
  readonly sessionKey: string;
  readonly params: AgentParams;
  readonly resumed: boolean;
  readonly fault: RunFault | undefined;
  readonly stop: AbortController;
  /** Set at the end; also the idempotency cache entry. */
  outcome?: Outcome;
  /** Resolves when the run has an outcome; never when the gateway dies first. */
  readonly done: Promise<Outcome>;
  settle(outcome: Outcome): void;
}

/**
 * The runs of one life of the gateway: a serial queue per session and the idempotency cache. Both are lost with the
 * process; only the transcripts stay.
 */
export class Runs {
  private readonly byKey = new Map<string, Run>();
  private readonly tails = new Map<string, Promise<void>>();
  private seq = 0;

  constructor(
    private readonly world: RunWorld,
    /** Aborted when this life of the gateway ends. */
    private readonly life: AbortSignal,
  ) {}

  get(runId: string): Run | undefined {
    return this.byKey.get(runId);
  }

  active(): Run[] {
    return [...this.byKey.values()].filter((run) => !run.outcome);
  }

  hasActive(sessionKey: string): boolean {
    return this.active().some((run) => run.sessionKey === sessionKey);
  }

  /** Queues a turn behind the session's others. The caller has checked that the key is new. */
  start(params: AgentParams, sessionKey: string, resumed = false, fault?: RunFault): Run {
    let settle: (outcome: Outcome) => void = () => undefined;
    const done = new Promise<Outcome>((resolve) => (settle = resolve));
    const run: Run = {
      runId: params.idempotencyKey,
      sessionKey,
      params,
      resumed,
      fault,
      stop: new AbortController(),
      done,
      settle: (outcome) => {
        run.outcome ??= outcome;
        settle(run.outcome);
      },
    };
    this.byKey.set(run.runId, run);
    const before = this.tails.get(sessionKey) ?? Promise.resolve();
    this.tails.set(
      sessionKey,
      before.then(() => this.execute(run)),
    );
    return run;
  }

  /** Takes up the turns that a crash cut off, as the gateway does at boot. */
  resume(interrupted: OpenTurn[]): void {
    for (const { sessionKey, params } of interrupted) {
      if (!this.world.transcripts.has(sessionKey, params.idempotencyKey)) continue;
      const resumed = { ...params, idempotencyKey: randomUUID() };
      const note = "[System] Your previous turn was interrupted by a gateway restart. Continue it.";
      this.world.transcripts.resume(sessionKey, resumed, note);
      this.start(resumed, sessionKey, true);
    }
  }

  private async execute(run: Run): Promise<void> {
    if (this.life.aborted || run.outcome) return;
    const outcome = await this.turn(run);
    if (!this.world.tellsTerminalReply) delete outcome.wait.terminalReply;
    if (this.life.aborted) return;
    this.world.transcripts.end(run.runId);
    this.lifecycle(run, "end", { terminalReply: outcome.wait.terminalReply });
    run.settle(outcome);
  }

  private async turn(run: Run): Promise<Outcome> {
    const { transcripts } = this.world;
    const { runId, sessionKey, params } = run;
    if (run.stop.signal.aborted) return outcomes.aborted(runId);
    if (/^\s*\/(new|reset)\b/i.test(params.message)) {
      transcripts.reset(sessionKey);
      return outcomes.sessionReset(runId);
    }
    if (!run.resumed) {
      if (transcripts.has(sessionKey, runId)) {
        return outcomes.failedQuietly(runId, "keyed user is outside the current turn");
      }
      transcripts.begin(sessionKey, params);
    }
    this.lifecycle(run, "start");
    if (run.fault) this.world.strike(run.fault, run);
    const waited = await this.thinking(run);
    if (waited !== "thought")
      return waited === "aborted" ? outcomes.aborted(runId) : outcomes.timedOut(runId);
    return this.reply(run);
  }

  /** The time the model takes; cut short by an abort, the run's own timeout or the end of the gateway. */
  private async thinking(run: Run): Promise<"thought" | "aborted" | "timeout"> {
    const { fault, params } = run;
    if (fault?.kind === "timeout") return "timeout";
    const thinkMs = this.world.modelMs + (fault?.kind === "delay" ? fault.delayMs : 0);
    const limitMs = params.timeout ? params.timeout * 1000 : Infinity;
    await pause(Math.min(thinkMs, limitMs), AbortSignal.any([run.stop.signal, this.life]));
    if (run.stop.signal.aborted) return "aborted";
    return thinkMs > limitMs ? "timeout" : "thought";
  }

  private async reply(run: Run): Promise<Outcome> {
    const { runId, fault } = run;
    // A dead process asks no model and writes no transcript.
    if (this.life.aborted) return outcomes.aborted(runId);
    if (fault?.kind === "unavailable") {
      return outcomes.modelFailed(runId, fault.message ?? "model provider unavailable");
    }
    if (fault?.kind === "error-status") return outcomes.failedQuietly(runId, "agent run failed");
    if (fault?.kind === "error-payload") return outcomes.errorPayload(runId);
    // Silence is asked about once more by the gateway itself.
    const text = (await this.callModel(run)) ?? (await this.callModel(run));
    if (this.life.aborted || run.stop.signal.aborted) return outcomes.aborted(runId);
    if (text === undefined) return outcomes.failedQuietly(runId, "Agent couldn't generate a response");
    this.world.transcripts.addAssistant(run.sessionKey, text);
    this.world.broadcast("agent", this.agentEvent(run, "assistant", { text, delta: text }));
    this.world.broadcast("chat", {
      runId,
      sessionKey: run.sessionKey,
      seq: ++this.seq,
      state: "final",
      message: { role: "assistant", content: [{ type: "text", text }] },
    });
    return outcomes.answered(runId, text);
  }

  private async callModel(run: Run): Promise<string | undefined> {
    const call: ModelCall = {
      runKey: run.runId,
      sessionKey: run.sessionKey,
      text: run.params.message,
      extraSystemPrompt: run.params.extraSystemPrompt,
      resumed: run.resumed,
    };
    this.world.modelCalls.push(call);
    const text = run.fault?.kind === "empty" ? "" : await this.world.ask(call);
    return text.trim() === "" || text.trim() === "NO_REPLY" ? undefined : text;
  }

  private lifecycle(run: Run, phase: "start" | "end", rest: object = {}): void {
    this.world.broadcast("agent", this.agentEvent(run, "lifecycle", { phase, ...rest }));
  }

  private agentEvent(run: Run, stream: string, data: object): object {
    return { runId: run.runId, sessionKey: run.sessionKey, seq: ++this.seq, ts: Date.now(), stream, data };
  }
}
