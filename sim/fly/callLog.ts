import type { MiddlewareHandler } from "hono";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { SimEnv } from "../faults/index.js";
import type { SimClock } from "./clock.js";
import type { FlyCallRecord } from "./types.js";

/** Keeps the last calls one by one, and counts all of them by route. */
const KEPT_CALLS = 20_000;

export class CallLog {
  private readonly kept: FlyCallRecord[] = [];
  readonly byRoute: Record<string, number> = {};
  total = 0;

  all(): FlyCallRecord[] {
    return [...this.kept];
  }

  /** Records requests to the API, those that a fault answers or cuts included. */
  middleware(clock: SimClock): MiddlewareHandler<SimEnv> {
    return async (c, next) => {
      const { pathname: path } = new URL(c.req.url);
      if (!path.startsWith("/v1/")) return next();
      const { method } = c.req;
      const record: FlyCallRecord = { at: clock.now(), method, path, status: 0 };
      const route = `${method} ${routeOf(path)}`;
      this.total += 1;
      this.byRoute[route] = (this.byRoute[route] ?? 0) + 1;
      this.kept.push(record);
      if (this.kept.length > KEPT_CALLS) this.kept.shift();
      await next();
      if (c.res !== RESPONSE_ALREADY_SENT) record.status = c.res.status;
    };
  }
}

/** `/v1/apps/x/machines/abc/stop` -> `/machines/{id}/stop`; the app itself is `/`. */
function routeOf(path: string): string {
  const [collection, id, ...rest] = path.split("/").slice(4);
  return `/${[collection ?? "", ...(id === undefined ? [] : ["{id}"]), ...rest].join("/")}`;
}
