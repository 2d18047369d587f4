/** Mints a worker token of the scope asked for. Writes `workerTokens` and, without a master key, `masterKeys`. */
import { factoryError } from "../../../contract/errors.js";
import { aliasPath, defaultPathPrefix } from "../../../contract/paths.js";
import * as contract from "../../../contract/tokens.js";
import { DEFAULT_LANE } from "../../../policy/queue/lane.js";
import { scopeFaults } from "../../../policy/tokens/scope.js";
import { asMutation } from "../../functions.js";
import { env } from "../../../component/_generated/server.js";
import { DEFAULT_LIFETIME_MS, lifetimeFault, mintToken, type Minted } from "./mintToken.js";

export const createAgentWorkerToken = asMutation(contract.createAgentWorkerToken)(async (ctx, args) => {
  const { expiresInMs = DEFAULT_LIFETIME_MS, trusted, withAlias, ...scope } = args;
  const tags = [...new Set(args.tags ?? [DEFAULT_LANE])];
  const faults = scopeFaults({ ...scope, withAlias, tags });
  const life = lifetimeFault(expiresInMs);
  if (life !== null) faults.push({ argument: "expiresInMs", message: life });
  if (faults.length > 0) {
    throw factoryError("invalid_argument", faults.map(({ message }) => message).join(" "), {
      argument: faults[0]?.argument ?? "",
      arguments: [...new Set(faults.map(({ argument }) => argument))].join(","),
    });
  }
  const minted = await mintToken(ctx, { ...scope, tags, ...(trusted === true && { trusted }) }, expiresInMs, {
    alias: withAlias,
    forAgents: true,
  });
  return shownOnce(minted);
});

/** The reply of create and rotate. */
export function shownOnce({ alias, ...minted }: Minted) {
  const prefix = env.AGENT_FACTORY_PATH_PREFIX ?? defaultPathPrefix;
  return { ...minted, ...(alias !== null && { aliasPath: aliasPath(alias, prefix) }) };
}
