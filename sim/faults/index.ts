export { adminGuard, faultRoutes } from "./adminRoute.js";
export { dropConnection, injectFaults, type SimEnv } from "./middleware.js";
export { FaultPolicy } from "./policy.js";
export { seededRandom, type Random } from "./random.js";
export type { FaultRuleInput } from "./rules.js";
