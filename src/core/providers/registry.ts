/** Which folder serves which kind of configuration. For actions: it loads what talks to the clouds. */
import type { PropertyValidators } from "convex/values";
import { factoryError } from "../../contract/errors.js";
import type { ProviderConfig, ServedKind } from "../../contract/providers.js";
import { flyAdapter } from "./fly/flyAdapter.js";
import { memoryAdapter } from "./memory/memoryProvider.js";
import type { Adapter, MachineProvider, MachineSettings, ProviderOptions } from "./provider.js";

/** The other half of each line of `contract/providers.ts`; the compiler asks for it. */
export const adapters: Record<ServedKind, Adapter<PropertyValidators>> = {
  fly: flyAdapter,
  memory: memoryAdapter,
};

/** @throws factoryError `provider_unsupported`: `Unsupported provider '<kind>'` (text of 1.0.11). */
function adapterOf({ kind }: ProviderConfig): Adapter<PropertyValidators> {
  const known: Readonly<Record<string, Adapter<PropertyValidators> | undefined>> = adapters;
  const adapter = known[kind];
  if (!adapter) throw factoryError("provider_unsupported", `Unsupported provider '${kind}'`);
  return adapter;
}

/** Throws `provider_unsupported`. */
export const settingsOf = (config: ProviderConfig): MachineSettings => adapterOf(config).settings(config);

/** What the fleet's policy says, as far as this cloud allows. Throws `provider_unsupported`. */
export const stopTimeoutMs = (config: ProviderConfig, wantedMs: number): number =>
  Math.min(wantedMs, adapterOf(config).maxStopTimeoutMs);

/**
 * The provider of a configuration. Make one per action and let it carry out everything the action has to do: pacing and
 * back-off are kept per instance. Throws `provider_unsupported`.
 * @param options.appName another app than the configured one: that in which a machine was made.
 */
export function createProvider(
  config: ProviderConfig,
  token: string,
  { appName = settingsOf(config).appName, ...options }: ProviderOptions & { appName?: string } = {},
): MachineProvider {
  return adapterOf(config).connect({ appName, token, config: config }, options);
}
