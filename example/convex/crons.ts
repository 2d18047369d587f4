/**
 * The crons of the documentation. The component needs neither: it brings up and ends machines when messages come and go, and
 * wakes each push job at its own minute. Both calls are idempotent; they only find what an outage has left undone.
 */
import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";

const crons = cronJobs();
crons.interval("reconcile workers", { minutes: 5 }, internal.operator.startWorkers, {});
crons.hourly("dispatch due push jobs", { minuteUTC: 0 }, internal.operator.dispatchDuePushJobs, {});

export default crons;
