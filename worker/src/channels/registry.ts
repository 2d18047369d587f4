/** The channels of this worker, one line each. */
import type { z } from "zod";
import { variablesOf } from "../envShapes.js";
import { appChannel } from "./app/channel.js";
import type { Channel, ChannelDefinition, ChannelDeps } from "./channel.js";
import { telegramChannel } from "./telegram/channel.js";

const definitions = [appChannel, telegramChannel] as const;

/** The variables of all channels. */
export const channelsEnv = variablesOf(definitions);
type ChannelsEnv = z.infer<z.ZodObject<typeof channelsEnv>>;

/** A worker's channels by their names. */
export class Channels {
  private readonly byKind: ReadonlyMap<string, Channel>;

  constructor(channels: readonly Channel[]) {
    this.byKind = new Map(channels.map((channel) => [channel.kind, channel]));
  }

  /** Undefined for a name that a newer component knows and this worker does not. */
  find(kind: string): Channel | undefined {
    return this.byKind.get(kind);
  }

  /** Resolves while all of them can be reached. */
  async check(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.byKind.values()].map(async ({ outbound }) => outbound?.check?.(signal)));
  }
}

export function createChannels(env: ChannelsEnv, deps: ChannelDeps): Channels {
  return new Channels(definitions.map((definition) => (definition as ChannelDefinition).create(env, deps)));
}
