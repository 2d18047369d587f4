export { FakeOpenClawGateway, startFakeOpenClawGateway } from "./gateway.js";
export type { FakeGatewayOptions } from "./gateway.js";
export { startGatewayHost, type GatewayHost } from "./host.js";
