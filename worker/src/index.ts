/** The worker as a library: the loop and its parts, for hosts that bring their own engine, channel or transport. */
export { systemClock, type Clock } from "./clock.js";
export type { Channel, Outbound, Recipient, SendResult } from "./channels/channel.js";
export { Channels, createChannels } from "./channels/registry.js";
export { memoryPlace } from "./engines/chosen.js";
export { createCommandEngine, type CommandOptions } from "./engines/command/engine.js";
export { createEchoEngine } from "./engines/echo/engine.js";
export {
  EngineError,
  type Engine,
  type EngineErrorKind,
  type EngineReply,
  type EngineRequest,
  type EngineTurn,
} from "./engine/engine.js";
export { createOpenAiEngine, type OpenAiOptions } from "./engines/openai/engine.js";
export { createOpenClawEngine, type OpenClawConfig } from "./engines/openclaw/engine.js";
export { parseCommand } from "./engines/program.js";
export {
  envHelp,
  formatEnvHelp,
  formatEnvProblems,
  readEnv,
  type EnvProblem,
  type EnvResult,
  type WorkerEnv,
} from "./env.js";
export {
  healthApp,
  healthProblems,
  startHealthServer,
  type HealthDeps,
  type HealthServer,
} from "./health.js";
export { createConnections, type Connections } from "./connections/resolve.js";
export { Journal, type JournalFinding, type Will } from "./journal/journal.js";
export { createProber, type Prober } from "./probes/answer.js";
export { type ConnectionListing, type OwnStore, type StoredConnection } from "./store/store.js";
export { createS3Storage, type S3Options } from "./memory/storage/s3.js";
export { type SnapshotStorage } from "./memory/storage/storage.js";
export { createLogger, type LoggerOptions } from "./logging.js";
export { redactSecrets as redactText } from "../../src/policy/text/redactSecrets.js";
export { runLoop, type LoopDeps } from "./loop.js";
export { runWorker } from "./main.js";
export { Disk, type Marker } from "./memory/disk.js";
export { Memory, type MemoryDeps } from "./memory/memory.js";
export { MemoryError, type MemoryErrorKind } from "./memory/memoryError.js";
export { type Place } from "./memory/place.js";
export { type MemoryTransport } from "./memory/transport.js";
export { createMetrics, type Metrics } from "./metrics.js";
export { drainOnSignals, RunControl, type RunState } from "./shutdown.js";
export { createConnectionStatus, type ConnectionStatus } from "./status.js";
export { createGatewayTransport, type GatewayOptions } from "./gateway/gateway.js";
export {
  TransportError,
  type Held,
  type RenewResult,
  type SettleRequest,
  type SettleResult,
  type Transport,
} from "./transport/transport.js";
