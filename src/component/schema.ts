import { defineSchema } from "convex/server";
import { agentsTables } from "./agents/tables.js";
import { configTables } from "./config/tables.js";
import { queueTables } from "./queue/tables.js";
import { secretsTables } from "./secrets/tables.js";
import { telegramTables } from "./telegram/tables.js";
import { workersTables } from "./workers/tables.js";
import { tokenTables } from "./workers/tokens/tables.js";

/** Each domain owns its tables; each table says who writes it, who reads it and until when it grows. */
export default defineSchema({
  ...queueTables,
  ...agentsTables,
  ...configTables,
  ...workersTables,
  ...tokenTables,
  ...secretsTables,
  ...telegramTables,
});
