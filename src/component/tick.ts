/** The one cron's function, apart from all that it starts: it must load little, because it runs every minute. Registrations only. */
import * as tickFile from "../core/upkeep/tick.js";
import { internalMutation } from "./_generated/server.js";

export const everyMinute = internalMutation(tickFile.tick);
