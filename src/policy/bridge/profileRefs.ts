/** Which secrets a profile names. */
import { providerKinds } from "../../contract/providers.js";
import { agentRef } from "./secretRefs.js";

/** What every deployment needs, whatever its agents do. */
const MANDATORY_REFS = [
  "convex.url",
  ...providerKinds.flatMap(({ token }) => (token ? [token.secretRef] : [])),
];

/** The fields of a bridge profile that name secrets. */
export interface BridgeRefs {
  enabled: boolean;
  serviceKeySecretRef?: string;
  appBaseUrlMapJsonSecretRef?: string;
}

/** The refs a profile keeps: the given ones, the mandatory ones, those of an enabled bridge; each once, in that order. */
export function profileSecretRefs(
  given: readonly string[],
  agentKey: string,
  bridge: BridgeRefs | undefined,
): string[] {
  const ofBridge = bridge?.enabled
    ? [
        bridge.serviceKeySecretRef ?? agentRef("serviceKey", agentKey),
        bridge.appBaseUrlMapJsonSecretRef ?? agentRef("baseUrlMapJson", agentKey),
      ]
    : [];
  return [...new Set([...given, ...MANDATORY_REFS, ...ofBridge])];
}
