/** Mints a worker token of the scope asked for. Writes `workerTokens` and, without a master key, `masterKeys`. */
import { factoryError } from "../../../contract/errors.js";
import * as contract from "../../../contract/workers.js";
import { DEFAULT_LANE, isLane, MAX_LANES } from "../../../policy/queue/lane.js";
import { asMutation } from "../../functions.js";
import { DEFAULT_LIFETIME_MS, mintToken } from "./mintToken.js";

/** Longest workspace, group or worker id in a token, in characters. */
const MAX_NAME_CHARS = 200;

export const createAgentWorkerToken = asMutation(contract.createAgentWorkerToken)(async (ctx, args) => {
  const { workspace, group, workerId, expiresInMs } = args;
  for (const [argument, name] of Object.entries({ workspace, group, workerId })) checkName(argument, name);
  const tags = checkTags(args.tags ?? [DEFAULT_LANE]);
  return await mintToken(ctx, { workspace, tags, group, workerId }, expiresInMs ?? DEFAULT_LIFETIME_MS);
});

function checkName(argument: string, name: string | undefined): void {
  if (name === undefined || (name.trim() !== "" && name.length <= MAX_NAME_CHARS)) return;
  throw factoryError(
    "invalid_argument",
    `${argument} must be 1 to ${MAX_NAME_CHARS} characters, or absent.`,
    { argument },
  );
}

function checkTags(tags: readonly string[]): string[] {
  const distinct = [...new Set(tags)];
  if (distinct.length >= 1 && distinct.length <= MAX_LANES && distinct.every(isLane)) return distinct;
  const message = `tags must be 1 to ${MAX_LANES} names of 1 to 100 letters, digits, dots, underscores, colons and hyphens.`;
  throw factoryError("invalid_argument", message, { argument: "tags" });
}
