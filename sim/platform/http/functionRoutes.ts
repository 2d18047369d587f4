import { timingSafeEqual } from "node:crypto";
import type { JSONValue } from "convex/values";
import { Hono, type Context } from "hono";
import { z } from "zod";
import type { SimEnv } from "../../faults/index.js";
import { SystemError, type Engine, type FunctionType } from "../../engine/index.js";
import { argsSchema, decodeArgs, encodeValue, formatSchema } from "../app/wire.js";
import { failureOf } from "./failure.js";

const callSchema = z.object({
  path: z.string(),
  args: argsSchema.default({}),
  format: formatSchema.default("convex_encoded_json"),
  componentPath: z.string().optional(),
});
type Call = z.output<typeof callSchema>;
const runSchema = z.object({ args: argsSchema.default({}), format: formatSchema.default("json") });
const getSchema = z.object({
  path: z.string(),
  args: z
    .string()
    .default("{}")
    .transform((text, ctx): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        ctx.addIssue("args is not JSON");
        return z.NEVER;
      }
    })
    .pipe(argsSchema),
  format: formatSchema.default("json"),
});

type Caller = {
  admin: boolean;
  /** Whom an admin acts as, as JSON: then the call is that user's, with no more rights than theirs. */
  identity?: string;
};
type Refusal = { status: 400 | 401 | 403 | 429 | 503; code: string; message: string };

/** Convex's function API: `/api/query`, `mutation`, `action`, `function`, `run/…`, the timestamped and batch queries. */
export function functionRoutes(engine: Engine, adminKey: string): Hono<SimEnv> {
  const app = new Hono<SimEnv>();

  const answer = async (c: Context<SimEnv>, call: Call, expected: FunctionType | undefined) => {
    const caller = callerOf(c.req.header("authorization"), adminKey);
    if ("status" in caller) return refuse(c, caller);
    if (call.componentPath && !caller.admin)
      return refuse(c, { status: 403, code: "BadAdminKey", message: "Only an admin may name a component" });
    try {
      return c.json(await runCall(engine, call, expected, caller));
    } catch (error) {
      if (error instanceof SystemError) return refuse(c, error);
      throw error;
    }
  };
  const post = (path: string, expected: FunctionType | undefined) =>
    app.post(path, async (c) => {
      const call = callSchema.safeParse(await c.req.json().catch(() => undefined));
      return call.success ? answer(c, call.data, expected) : refuse(c, badBody(call.error));
    });
  post("/query", "query");
  // Only the newest state is kept, which contains whatever a timestamp from here stands for.
  post("/query_at_ts", "query");
  post("/mutation", "mutation");
  post("/action", "action");
  app.post("/function", async (c) => {
    const caller = callerOf(c.req.header("authorization"), adminKey);
    if ("status" in caller) return refuse(c, caller);
    if (!caller.admin)
      return refuse(c, { status: 403, code: "BadAdminKey", message: "An admin key is required" });
    const call = callSchema.safeParse(await c.req.json().catch(() => undefined));
    return call.success ? answer(c, call.data, undefined) : refuse(c, badBody(call.error));
  });
  app.get("/query", (c) => {
    const call = getSchema.safeParse(c.req.query());
    return call.success ? answer(c, call.data, "query") : refuse(c, badBody(call.error));
  });
  app.post("/query_ts", (c) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(engine.latest.ts);
    return c.json({ ts: bytes.toString("base64") });
  });
  app.post("/query_batch", async (c) => {
    const caller = callerOf(c.req.header("authorization"), adminKey);
    if ("status" in caller) return refuse(c, caller);
    const batch = z
      .object({ queries: z.array(callSchema.omit({ componentPath: true })) })
      .safeParse(await c.req.json().catch(() => undefined));
    if (!batch.success) return refuse(c, badBody(batch.error));
    const results = [];
    for (const call of batch.data.queries) results.push(await runCall(engine, call, "query", caller));
    return c.json({ results });
  });
  app.post("/run/:path{.+}", async (c) => {
    const run = runSchema.safeParse(await c.req.json().catch(() => undefined));
    if (!run.success) return refuse(c, badBody(run.error));
    const path = c.req.param("path").replace(/\/([^/]+)$/, ":$1");
    return answer(c, { ...run.data, path }, undefined);
  });
  return app;
}

/** @throws SystemError, which is answered with a status of its own. */
async function runCall(
  engine: Engine,
  call: Call,
  expected: FunctionType | undefined,
  caller: Caller,
): Promise<Record<string, JSONValue>> {
  try {
    const value = await engine.call(
      { componentPath: call.componentPath ?? "", udfPath: call.path },
      decodeArgs(call.args),
      { expected, publicOnly: !caller.admin, identity: caller.identity },
    );
    return { status: "success", value: encodeValue(value, call.format), logLines: [] };
  } catch (error) {
    if (error instanceof SystemError) throw error;
    return { status: "error", ...failureOf(error), logLines: [] };
  }
}

function callerOf(authorization: string | undefined, adminKey: string): Caller | Refusal {
  if (authorization === undefined) return { admin: false };
  const [scheme, credential = ""] = authorization.split(" ");
  if (scheme === "Convex") {
    const [key = "", acting] = splitOnce(credential);
    if (isAdminKey(credential, adminKey)) return { admin: true };
    if (acting !== undefined && isAdminKey(key, adminKey)) return actingAs(acting);
    return {
      status: 403,
      code: "BadAdminKey",
      message: "The provided admin key was invalid for this instance",
    };
  }
  return {
    status: 401,
    code: "NoAuthProvider",
    message: "No auth provider found matching the given token: the local platform has none",
  };
}

/** `<admin key>:<identity>`, as the clients' `setAdminAuth(key, identity)` sends it; no base64 holds a colon. */
function splitOnce(credential: string): string[] {
  const at = credential.lastIndexOf(":");
  return at === -1 ? [credential] : [credential.slice(0, at), credential.slice(at + 1)];
}

const identitySchema = z.looseObject({ subject: z.string(), issuer: z.string() });

function actingAs(encoded: string): Caller | Refusal {
  try {
    const identity = identitySchema.parse(JSON.parse(Buffer.from(encoded, "base64").toString()));
    const tokenIdentifier = `${identity.issuer}|${identity.subject}`;
    return { admin: false, identity: JSON.stringify({ ...identity, tokenIdentifier }) };
  } catch {
    return {
      status: 400,
      code: "BadIdentity",
      message: "The identity to act as needs a subject and an issuer",
    };
  }
}

/** Whether a request carries the admin key. */
export function isAdmin(authorization: string | undefined, adminKey: string): boolean {
  const caller = callerOf(authorization, adminKey);
  return "admin" in caller && caller.admin;
}

/** Compares in constant time. */
export function isAdminKey(credential: string, adminKey: string): boolean {
  const given = Buffer.from(credential);
  const expected = Buffer.from(adminKey);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

const badBody = (error: z.ZodError): Refusal => ({
  status: 400,
  code: "BadJsonBody",
  message: z.prettifyError(error),
});

const refuse = (c: Context<SimEnv>, { status, code, message }: Refusal) => c.json({ code, message }, status);
