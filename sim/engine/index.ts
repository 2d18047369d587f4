export {
  Engine,
  
  
  
  type EngineSettings,
} from "./engine.js";
export { interruptAction, isInterrupted } from "./actionFrame.js";
export { CallRefused,  SystemError, TooManyWrites, WriteConflict } from "./errors.js";
export type { FileUrls } from "./files.js";
export {
  
  type ComponentSource,
  
  type FunctionType,
  type ModuleMap,
} from "./functions.js";
export { Interleaving,  } from "./interleaving.js";
export { currentFrame } from "./frames.js";
export { installGlobals } from "./globals.js";
export type { Pace } from "./pace.js";
export { ReadSet } from "./reads.js";
export type { ConflictStatistics, EngineStatistics, FunctionStatistics } from "./statistics.js";
export type { Commit, Snapshot } from "./store.js";
