/** The channels of this worker, one line each. */
import type { z } from "zod";
import { appChannel } from "./app/channel.js";
import type { Channel, ChannelDefinition, ChannelDeps } from "./channel.js";
import { telegramChannel } from "./telegram/channel.js";

const definitions = [appChannel, telegramChannel] as const;

type Union = (typeof definitions)[number]["env"];
type AllOf<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** The variables of all channels. */
export const channelsEnv = Object.assign({}, ...definitions.map(({ env }) => env)) as AllOf<Union>;
type ChannelsEnv = z.infer<z.ZodObject<AllOf<Union>>>;

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
