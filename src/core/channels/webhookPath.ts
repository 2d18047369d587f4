/** Where the component believes that the host mounted a webhook. */
import { defaultPathPrefix } from "../../contract/paths.js";
import { env } from "../../component/_generated/server.js";

/** `path`: of the channel, for a prefix of `registerRoutes`. */
export const configuredPath = (path: (pathPrefix: string) => string): string =>
  path(env.AGENT_FACTORY_PATH_PREFIX ?? defaultPathPrefix);
