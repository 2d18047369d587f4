import { cronJobs } from "convex/server";
import { internal } from "./_generated/api.js";

/** Nets and retention; nothing waits for them when all is well. */
const crons = cronJobs();
crons.interval("queue net", { minutes: 1 }, internal.queue.sweep.net, {});
crons.interval("queue retention", { minutes: 10 }, internal.queue.sweep.retention, {});

export default crons;
