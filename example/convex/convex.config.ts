import { defineApp } from "convex/server";
import { v } from "convex/values";
import agentFactory from "@okrlinkhub/agent-factory/convex.config.js";

const app = defineApp({
  env: {
    AGENT_FACTORY_MASTER_KEY: v.optional(v.string()),
    TELEGRAM_API_BASE_URL: v.optional(v.string()),
    FLY_API_BASE_URL: v.optional(v.string()),
    /** Token identifiers of this app's administrators, separated by commas. */
    ADMIN_TOKEN_IDENTIFIERS: v.optional(v.string()),
  },
});
app.use(agentFactory, {
  env: {
    AGENT_FACTORY_MASTER_KEY: app.env.AGENT_FACTORY_MASTER_KEY,
    TELEGRAM_API_BASE_URL: app.env.TELEGRAM_API_BASE_URL,
    FLY_API_BASE_URL: app.env.FLY_API_BASE_URL,
  },
});

export default app;
