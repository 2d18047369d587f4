/** This app's HTTP routes: Telegram's webhook and the worker gateway, below `/agent-factory`. */
import { registerRoutes } from "@okrlinkhub/agent-factory/http";
import { httpRouter } from "convex/server";
import { components } from "./_generated/api";

const http = httpRouter();
// Here anybody may write to the bot, and gets an agent of their own conversation. An app whose users have to pair first
// adds `{ requireBindingForTelegram: true }`.
registerRoutes(http, components.agentFactory);

export default http;
