import { defineComponent } from "convex/server";
import { v } from "convex/values";
import workflow from "@convex-dev/workflow/convex.config.js";

/** Every variable is optional: `app.use(agentFactory)` alone works. */
const component = defineComponent("agentFactory", {
  env: {
    /** 32 bytes as base64 or hex: the key that seals all secrets. Without it the component generates its own. */
    AGENT_FACTORY_MASTER_KEY: v.optional(v.string()),
    /** The key before the last rotation, while secrets sealed with it remain. */
    AGENT_FACTORY_MASTER_KEY_PREVIOUS: v.optional(v.string()),
    /** Must equal the `pathPrefix` given to `registerRoutes`; default `/agent-factory`. */
    AGENT_FACTORY_PATH_PREFIX: v.optional(v.string()),
    /** Base URL of a self-hosted Bot API server; default Telegram's own. */
    TELEGRAM_API_BASE_URL: v.optional(v.string()),
    /** Base URL of the Fly Machines API, version included; default `https://api.machines.dev/v1`. */
    FLY_API_BASE_URL: v.optional(v.string()),
  },
});

/** The durable engine for work of many steps (broadcasts); it brings its own workpool. */
component.use(workflow);

export default component;
