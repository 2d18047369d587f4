import { Hono } from "hono";
import type { Engine } from "../../engine/index.js";
import type { SimEnv } from "../../faults/index.js";
import { isAdmin } from "./functionRoutes.js";

/** `GET`: the engine's statistics. `DELETE`: begins them anew. For the admin key only. */
export function statsRoutes(engine: Engine, adminKey: string): Hono<SimEnv> {
  const app = new Hono<SimEnv>();
  app.use("*", async (c, next) => {
    if (isAdmin(c.req.header("authorization"), adminKey)) return next();
    return c.json({ code: "BadAdminKey", message: "An admin key is required" }, 403);
  });
  app.get("/", (c) => c.json(engine.stats()));
  app.delete("/", (c) => {
    engine.resetStats();
    return c.json(engine.stats());
  });
  return app;
}
