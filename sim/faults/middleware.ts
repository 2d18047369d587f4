import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context, MiddlewareHandler } from "hono";
import { pause } from "../http/pause.js";
import type { FaultPolicy } from "./policy.js";

/** Hono environment of a simulator served by @hono/node-server. */
export type SimEnv = { Bindings: HttpBindings };

/** Cuts the connection without an answer. */
export function dropConnection(c: Context<SimEnv>): Response {
  c.env.incoming.socket.destroy();
  return RESPONSE_ALREADY_SENT;
}

/**
 * Applies the policy to every request except the simulator's own `/__sim/` routes.
 * @param closing cuts latencies short when the server closes.
 */
export function injectFaults(policy: FaultPolicy, closing: AbortSignal): MiddlewareHandler<SimEnv> {
  return async (c, next) => {
    const { pathname } = new URL(c.req.url);
    if (pathname.startsWith("/__sim/")) return next();
    const faults = policy.pick({ method: c.req.method, path: pathname });
    for (const fault of faults) {
      if (fault.kind === "latency" && fault.phase === "before") await pause(fault.latencyMs, closing);
    }
    const failure = faults.find((fault) => fault.kind !== "latency");
    if (failure?.kind === "dropBefore") return dropConnection(c);
    if (failure?.kind === "status") {
      return new Response(failure.body ?? "", { status: failure.status, headers: failure.headers });
    }
    await next();
    for (const fault of faults) {
      if (fault.kind === "latency" && fault.phase === "after") await pause(fault.latencyMs, closing);
    }
    if (failure?.kind === "dropAfter") {
      await c.res.body?.cancel();
      // Cleared first: assigning over a response would copy its headers into the new one.
      c.res = undefined;
      c.res = dropConnection(c);
    }
  };
}
