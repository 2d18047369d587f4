export { FakeOpenClawGateway, startFakeOpenClawGateway } from "./gateway.js";
export type { FakeGatewayOptions, SeenRequest } from "./gateway.js";
export type { RunFault, RunFaultInput } from "./faults.js";
export type { ModelCall } from "./outcomes.js";
export type { TranscriptRow } from "./transcripts.js";
export { startGatewayHost, type GatewayHost } from "./host.js";
