/** What is known of a configuration by its kind, without loading what talks to a cloud. */
import { providerKinds, type ProviderConfig, type ProviderKind } from "../../contract/providers.js";

/** Null: accepted, but served by nobody. */
export function kindOf({ kind }: Pick<ProviderConfig, "kind">): ProviderKind | null {
  const kinds: readonly ProviderKind[] = providerKinds;
  return kinds.find((each) => each.kind === kind) ?? null;
}

/** What every machine of this kind needs, in the order in which a pass asks for it; a kind without a cloud is for tests and needs nothing. */
export function requiredSecrets(config: ProviderConfig): string[] {
  const token = kindOf(config)?.token;
  return token ? [token.secretRef, "convex.url"] : [];
}
