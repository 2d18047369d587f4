/** Contents by hash, for workers that lack them. Reads what it returns and at most one file more. */
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/skills.js";
import { MAX_FILES, utf8Bytes } from "../../policy/skills/bundle.js";
import { asQuery } from "../functions.js";
import { authorizeWorker } from "../workers/tokens/authorize.js";

/** A quarter of what a function may read and return; one more file is at most 600 KB. */
const MAX_RESPONSE_BYTES = 4 * 1024 * 1024;

export const getGlobalSkillFiles = asQuery(contract.getGlobalSkillFiles)(async (ctx, args) => {
  await authorizeWorker(ctx, args);
  if (args.hashes.length > MAX_FILES)
    throw factoryError("invalid_argument", `At most ${MAX_FILES} hashes may be asked for at once`);
  const files: { sha256: string; content: string }[] = [];
  let bytes = 0;
  for (const [index, sha256] of args.hashes.entries()) {
    if (bytes >= MAX_RESPONSE_BYTES) return { files, remaining: args.hashes.slice(index) };
    const row = await ctx.db
      .query("globalSkillFiles")
      .withIndex("by_sha256", (q) => q.eq("sha256", sha256))
      .first();
    if (!row) continue;
    bytes += utf8Bytes(row.content);
    files.push({ sha256, content: row.content });
  }
  return { files, remaining: [] };
});
