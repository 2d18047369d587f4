import type { Cloud } from "./cloud.js";
import type { Kill } from "./judge.js";
import type { Answer, Call, Held } from "./relay.js";

/** Resolves when a model generates the answer to what this worker holds; rejects when that does not come about. */
export type UntilGenerating = (worker: string, held: Held) => Promise<unknown>;

/** Kills the machine of one worker that has a message in its hands and has not said a word about it yet. */
export class Killer {
  kill: (Kill & { worker: string; pid: number }) | undefined;
  private armed = false;
  private victim: { worker: string; held: Held } | undefined;

  /**
   * @param untilGenerating when the workers use a model: the kill happens while it generates the answer. Without, it
   * happens when the worker reports the answer, before that reaches the deployment.
   */
  constructor(
    private readonly cloud: Cloud,
    private readonly untilGenerating: UntilGenerating | undefined,
    private readonly onKill: (kill: Kill & { worker: string; pid: number }) => void,
    private readonly onFault: (error: unknown) => void,
  ) {}

  /** From now on the next worker that takes a new message is the victim. */
  arm(): void {
    this.armed = true;
  }

  claimed(worker: string, held: Held): void {
    if (!this.armed || this.victim || held.attempt !== 1) return;
    this.victim = { worker, held };
    this.untilGenerating?.(worker, held)
      .then(() => this.strike(worker, held))
      .catch(this.onFault);
  }

  /** What becomes of a call of the victim; undefined for everybody else. */
  async treat(call: Call): Promise<Answer | "drop" | undefined> {
    if (this.kill || this.victim?.worker !== call.worker || call.operation !== "settle") return undefined;
    if (!this.untilGenerating) await this.strike(call.worker, this.victim.held);
    return "drop";
  }

  private async strike(worker: string, held: Held): Promise<void> {
    const pid = await this.cloud.kill(worker);
    this.kill = { at: Date.now(), text: held.text, worker, pid };
    this.onKill(this.kill);
  }
}
