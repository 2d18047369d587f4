/** Which secrets an agent's bridge settings may come from, in the order in which they are tried. */

/** The settings that may be kept as secrets, each `agent-bridge.<name>` or `agent-bridge.<name>.<agentKey>`. */
export type BridgeSecret = "serviceKey" | "baseUrl" | "baseUrlMapJson" | "serviceId" | "appKey";

/** Known to every machine and scoped to no agent. */
export const LINKING_SECRET_REF = "agent-bridge.linkingSharedSecret";
/** What every deployment needs, whatever its agents do. */
const MANDATORY_REFS = ["convex.url", "fly.apiToken"];

export const globalRef = (secret: BridgeSecret): string => `agent-bridge.${secret}`;
export const agentRef = (secret: BridgeSecret, agentKey: string): string =>
  `${globalRef(secret)}.${agentKey}`;

/** The profile's own ref, then the agent's, then everybody's. */
export const candidateRefs = (secret: BridgeSecret, agentKey: string, override?: string): string[] => [
  ...new Set([...(override ? [override] : []), agentRef(secret, agentKey), globalRef(secret)]),
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
