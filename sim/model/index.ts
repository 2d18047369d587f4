export { startModelServer } from "./server.js";
export type * from "./types.js";
