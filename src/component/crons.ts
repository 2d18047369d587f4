import { cronJobs } from "convex/server";
import { internal } from "./_generated/api.js";

/** Nets and retention; nothing waits for it when all is well. */
const crons = cronJobs();
crons.interval("upkeep", { minutes: 1 }, internal.tick.everyMinute, {});

export default crons;
