import type { MiddlewareHandler } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import type { SimEnv } from "./middleware.js";
import type { FaultPolicy } from "./policy.js";
import { faultRuleSchema } from "./rules.js";

const LOOPBACK = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);

/**
 * Guards `/__sim/*`: loopback callers only, and writes only as JSON, so that a web page open in a browser on the
 * same machine cannot post to it without a preflight, which is never answered.
 */
export const adminGuard: MiddlewareHandler<SimEnv> = async (c, next) => {
  if (!LOOPBACK.has(c.env.incoming.socket.remoteAddress ?? ""))
    return c.json({ error: "loopback only" }, 403);
  const isJson = c.req.header("content-type")?.startsWith("application/json") ?? false;
  if (c.req.method !== "GET" && !isJson)
    return c.json({ error: "content-type must be application/json" }, 415);
  return next();
};

/** `GET` shows the rules with their counters, `POST {"rules":[...]}` replaces them. Mount at `/__sim/faults`. */
export function faultRoutes(policy: FaultPolicy): Hono<SimEnv> {
  const bodySchema = z.strictObject({ rules: z.array(faultRuleSchema) });
  return new Hono<SimEnv>()
    .get("/", (c) => c.json({ rules: policy.status() }))
    .post("/", async (c) => {
      const body = bodySchema.safeParse(await c.req.json().catch(() => undefined));
      if (!body.success) return c.json({ error: z.prettifyError(body.error) }, 400);
      policy.set(body.data.rules);
      return c.json({ rules: policy.status() });
    });
}
