/** `env.<NAME>` secrets: settings of the worker's engine that are secret, such as model keys. */
import { asQuery } from "../functions.js";
import { v } from "convex/values";

import { openSecret } from "../secrets/vault.js";

const PREFIX = "env.";
/** The string right behind everything that starts with the prefix. */
const BEHIND_PREFIX = "env/";
const MAX_NAMES = 64;
const NAME = /^[A-Z_][A-Z0-9_]{0,99}$/;

/** Every active `env.<NAME>` secret by its name. For the action that launches; its result must not leave it. */
export const resolve = asQuery({ args: {}, returns: v.record(v.string(), v.string()) })(async (ctx) => {
  const env: Record<string, string> = {};
  let after = PREFIX;
  for (let count = 0; count < MAX_NAMES; count += 1) {
    const next = await ctx.db
      .query("secrets")
      .withIndex("by_secretRef_and_active", (q) => q.gt("secretRef", after).lt("secretRef", BEHIND_PREFIX))
      .first();
    if (!next) break;
    after = next.secretRef;
    const name = after.slice(PREFIX.length);
    const value = NAME.test(name) ? await openSecret(ctx, after) : null;
    if (value !== null) env[name] = value;
  }
  return env;
});
