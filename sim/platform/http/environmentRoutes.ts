import { Hono } from "hono";
import { z } from "zod";
import type { SimEnv } from "../../faults/index.js";
import { isAdmin } from "./functionRoutes.js";

/** What the Convex CLI asks with when it lists the variables of a deployment (`convex env list`). */
const LIST_FUNCTION = "_system/cli/queryEnvironmentVariables";

const changesSchema = z.object({
  changes: z.array(
    z.object({ name: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), value: z.string().nullable() }),
  ),
});
const listSchema = z.object({ path: z.literal(LIST_FUNCTION) });

/**
 * Environment variables at run time, as the Convex CLI lists and changes them, for the holder of the admin key:
 * `POST /update_environment_variables` (null removes one) and the system query behind `convex env list`.
 * @param variables the deployment's own; the functions see what stands here at the time of each look.
 */
export function environmentRoutes(variables: Record<string, string>, adminKey: string): Hono<SimEnv> {
  const refused = { code: "BadAdminKey", message: "The provided admin key was invalid for this instance" };
  return new Hono<SimEnv>()
    .post("/update_environment_variables", async (c) => {
      if (!isAdmin(c.req.header("authorization"), adminKey)) return c.json(refused, 403);
      const body = changesSchema.safeParse(await c.req.json().catch(() => undefined));
      if (!body.success) return c.json({ code: "BadJsonBody", message: z.prettifyError(body.error) }, 400);
      for (const { name, value } of body.data.changes) {
        if (value === null) delete variables[name];
        else variables[name] = value;
      }
      return c.body(null, 200);
    })
    .post("/query", async (c, next) => {
      if (!listSchema.safeParse(await c.req.json().catch(() => undefined)).success) return next();
      if (!isAdmin(c.req.header("authorization"), adminKey)) return c.json(refused, 403);
      const value = Object.entries(variables).map(([name, text]) => ({ name, value: text }));
      return c.json({ status: "success", value, logLines: [] });
    });
}
