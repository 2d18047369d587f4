/** This app's HTTP routes: Telegram's webhook and the worker gateway, below `/agent-factory`. */
import { registerRoutes } from "@okrlinkhub/agent-factory";
import { httpRouter } from "convex/server";
import { components } from "./_generated/api";

const http = httpRouter();
registerRoutes(http, components.agentFactory);

export default http;
