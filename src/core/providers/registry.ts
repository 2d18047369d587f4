/** Which folder serves which `kind` of provider configuration. */
import { type Infer } from "convex/values";
import { factoryError } from "../../contract/errors.js";
import { type vProviderConfig } from "../../contract/queue.js";
import { createFlyProvider } from "./fly/flyProvider.js";
import { createMemoryProvider } from "./memory/memoryProvider.js";
import { type MachineProvider } from "./provider.js";
import { type ProviderOptions } from "./providerOptions.js";

export type ProviderConfig = Infer<typeof vProviderConfig>;
/** Builds a provider for one app of the cloud. `token` is the cloud's credential. */
type ProviderFactory = (config: ProviderConfig, token: string, options: ProviderOptions) => MachineProvider;

const factories: Partial<Record<ProviderConfig["kind"], ProviderFactory>> = {
  fly: (config, token, options) => createFlyProvider(config.appName, token, options),
  memory: (config) => createMemoryProvider(config.appName),
};

/**
 * The provider of a configuration. Make one per action and let it carry out everything the action has to do: pacing and
 * back-off are kept per instance.
 * @throws factoryError `provider_unsupported`: `Unsupported provider '<kind>'` (text of 1.0.11).
 */
export function createProvider(
  config: ProviderConfig,
  token: string,
  options: ProviderOptions = {},
): MachineProvider {
  const factory = factories[config.kind];
  if (!factory) throw factoryError("provider_unsupported", `Unsupported provider '${config.kind}'`);
  return factory(config, token, options);
}
