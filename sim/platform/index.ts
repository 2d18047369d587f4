export { startPlatform } from "./start.js";
export type * from "./types.js";
