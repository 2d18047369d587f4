/**
 * The run states: running -> stopping (asked to stop: claims nothing new) -> draining (finishes what it holds, then
 * hands it back when the grace is over) -> stopped.
 */
import type { Clock } from "./clock.js";

export type RunState = "running" | "stopping" | "draining" | "stopped";

const order: readonly RunState[] = ["running", "stopping", "draining", "stopped"];

/** Owns the run state; it only ever moves forward. */
export class RunControl {
  private current: RunState = "running";
  private asker: "server" | "supervisor" | null = null;
  private readonly stopping = new AbortController();
  private readonly forcing = new AbortController();

  constructor(
    private readonly clock: Clock,
    private readonly graceMs: number,
    private readonly onChange: (state: RunState, reason: string) => void = () => undefined,
  ) {}

  get state(): RunState {
    return this.current;
  }
  /** Who asked for the stop, the first one; null while nobody did. */
  get stoppedBy(): "server" | "supervisor" | null {
    return this.asker;
  }
  /** Aborted once nothing new may be claimed. */
  get stopSignal(): AbortSignal {
    return this.stopping.signal;
  }
  /** Aborted once the grace is over: what is held is handed back at once. */
  get forceSignal(): AbortSignal {
    return this.forcing.signal;
  }

  /** Stops claiming; without a grace (`finishJob`) the message in hand is finished however long it takes. */
  requestStop(reason: string, options: { finishJob?: boolean } = {}): void {
    this.asker ??= options.finishJob === true ? "server" : "supervisor";
    this.moveTo("stopping", reason);
    this.stopping.abort(reason);
    if (options.finishJob === true || this.forcing.signal.aborted) return;
    this.moveTo("draining", reason);
    const stopped = this.untilStopped.signal;
    void this.clock.sleep(this.graceMs, stopped).then(() => {
      if (!stopped.aborted) this.forcing.abort("the shutdown grace is over");
    });
  }

  /** Called by the loop when it holds nothing and will claim nothing. */
  finished(): void {
    this.moveTo("stopped", "nothing held");
    this.untilStopped.abort();
  }

  private readonly untilStopped = new AbortController();

  private moveTo(state: RunState, reason: string): void {
    if (order.indexOf(state) <= order.indexOf(this.current)) return;
    this.current = state;
    this.onChange(state, reason);
  }
}

/** The two signals a supervisor sends; the first drains, the second exits at once. */
export function drainOnSignals(
  control: RunControl,
  emitter: Pick<NodeJS.Process, "on" | "off">,
  exitNow: (signal: NodeJS.Signals) => void,
): () => void {
  let asked = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked) return exitNow(signal);
    asked = true;
    control.requestStop(signal);
  };
  emitter.on("SIGTERM", onSignal);
  emitter.on("SIGINT", onSignal);
  return () => {
    emitter.off("SIGTERM", onSignal);
    emitter.off("SIGINT", onSignal);
  };
}
