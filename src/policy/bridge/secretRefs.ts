/** Which secrets an agent's bridge settings may come from, in the order in which they are tried. */

/** The settings that may be kept as secrets, each `agent-bridge.<name>` or `agent-bridge.<name>.<agentKey>`. */
export type BridgeSecret = "serviceKey" | "baseUrl" | "baseUrlMapJson" | "serviceId" | "appKey";

/** Known to every machine and scoped to no agent. */
export const LINKING_SECRET_REF = "agent-bridge.linkingSharedSecret";

export const globalRef = (secret: BridgeSecret): string => `agent-bridge.${secret}`;
export const agentRef = (secret: BridgeSecret, agentKey: string): string =>
  `${globalRef(secret)}.${agentKey}`;

/** The profile's own ref, then the agent's, then everybody's. */
export const candidateRefs = (secret: BridgeSecret, agentKey: string, override?: string): string[] => [
  ...new Set([...(override ? [override] : []), agentRef(secret, agentKey), globalRef(secret)]),
];
