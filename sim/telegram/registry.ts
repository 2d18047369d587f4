import type { Random } from "../faults/index.js";
import { ApiFailure } from "./apiFailure.js";
import { botIdOf, createBot, isTokenShaped, type Bot } from "./bot.js";
import { Delivery, type DeliveryContext } from "./delivery.js";
import type { BotSpec, DeliveryFaults } from "./types.js";
import { UpdateQueue } from "./updateQueue.js";

/** What every bot's delivery shares. */
export interface RegistryContext extends Pick<DeliveryContext, "secondMs" | "readTimeoutMs" | "onAttempt"> {
  random: Random;
  /** Runs a method that a webhook answer named. */
  execute(bot: Bot, method: string, args: Record<string, unknown>): void;
}

/** The bots of one simulator, by id and by token. */
export class BotRegistry {
  private readonly bots = new Map<number, Bot>();

  constructor(
    private readonly context: RegistryContext,
    private deliveryFaults: DeliveryFaults,
  ) {}

  /** @throws Error for a malformed token or an id that is taken. */
  add(spec: BotSpec): Bot {
    const botId = botIdOf(spec);
    if (this.bots.has(botId)) throw new Error(`bot ${botId} already exists`);
    const queue = new UpdateQueue();
    const context: DeliveryContext = {
      ...this.context,
      botId,
      queue,
      execute: (method, args) => this.context.execute(bot, method, args),
    };
    const bot: Bot = createBot(spec, { queue, delivery: new Delivery(context, this.deliveryFaults) });
    this.bots.set(botId, bot);
    return bot;
  }

  all(): Bot[] {
    return [...this.bots.values()];
  }

  /** @throws Error for an unknown id, or for none while there is not exactly one bot. */
  byId(botId: number | undefined): Bot {
    if (botId === undefined && this.bots.size !== 1)
      throw new Error("botId is needed: there is not exactly one bot");
    const bot = botId === undefined ? this.all()[0] : this.bots.get(botId);
    if (!bot) throw new Error(`unknown bot ${botId}`);
    return bot;
  }

  /** @throws ApiFailure 401; malformed and unknown tokens have different texts, as on the real service. */
  byToken(token: string): Bot {
    if (!isTokenShaped(token)) throw new ApiFailure(401, "Unauthorized: invalid token specified");
    const bot = this.all().find((candidate) => candidate.token === token && !candidate.revoked);
    if (!bot) throw new ApiFailure(401, "Unauthorized");
    return bot;
  }

  setDeliveryFaults(faults: DeliveryFaults): void {
    this.deliveryFaults = faults;
    for (const bot of this.bots.values()) bot.delivery.setFaults(faults);
  }

  async close(): Promise<void> {
    await Promise.all(this.all().map((bot) => bot.delivery.close()));
  }
}
