import { EngineError, type Engine, type EngineReply, type EngineRequest } from "../../engine/engine.js";
import { openClawContext, type OpenClawConfig, type OpenClawContext, type OpenClawDeps } from "./config.js";
import { ConnectRefused, unavailable } from "./failures.js";
import { GatewayProcess } from "./gatewayProcess.js";
import { GatewayLink } from "./link.js";
import { Turn } from "./turn.js";

export type { OpenClawConfig, OpenClawDeps, OpenClawTiming } from "./config.js";

class OpenClawEngine implements Engine {
  readonly name = "openclaw";
  readonly stateful = true;
  private readonly link: GatewayLink;
  private readonly process: GatewayProcess | undefined;

  constructor(private readonly context: OpenClawContext) {
    const { gateway } = context.config;
    this.link = new GatewayLink(context);
    if (gateway === undefined) return;
    this.process = new GatewayProcess(context, gateway, (reason) => this.link.giveUp(reason));
    this.quiesce = () => this.process?.stop() ?? Promise.resolve();
    this.resume = async () => {
      this.process?.resume();
      this.link.start();
    };
  }

  /** Only for a gateway of our own: somebody else's is theirs to stop. */
  readonly quiesce?: () => Promise<void>;
  readonly resume?: () => Promise<void>;

  async start(): Promise<void> {
    // A worker without a conversation would have to start the gateway anew with the memory of the first one.
    if (this.context.config.gateway?.atFirstRun === true) return;
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(unavailable(this.link.lastProblem)),
      this.context.config.connectTimeoutMs,
    );
    this.process?.start();
    this.link.start();
    try {
      await this.link.whenUsable(late.signal);
    } catch (error) {
      await this.stop();
      if (!(error instanceof ConnectRefused)) throw error;
      throw new EngineError("refused", `openclaw gateway refused this worker: ${error.message}`);
    } finally {
      clearTimeout(timer);
    }
  }

  ready(): boolean {
    return this.link.current !== undefined || this.process?.untried === true;
  }

  /** The connection says it all: the gateway answers its pings, or it is cut. What the gateway's model is worth, only a run shows. */
  async check(signal: AbortSignal): Promise<void> {
    if (!this.ready()) await this.link.whenUsable(signal);
  }

  run(request: EngineRequest): Promise<EngineReply> {
    this.process?.startIfStopped();
    if (this.process !== undefined) this.link.start();
    return new Turn(this.context, this.link, request).run();
  }

  async stop(): Promise<void> {
    await this.link.stop();
    await this.process?.stop();
  }
}

/**
 * The engine that hands messages to an OpenClaw gateway, one gateway session per conversation. The gateway keeps the
 * conversation, so only the new text is sent. `start` rejects with an {@link EngineError}: `refused` when the gateway
 * will not have this worker (wrong token or protocol), `unavailable` when it is not up within `connectTimeoutMs`.
 */
export function createOpenClawEngine(config: OpenClawConfig, deps: OpenClawDeps = {}): Engine {
  return new OpenClawEngine(openClawContext(config, deps));
}
