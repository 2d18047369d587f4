/** The credential of a machine that the scheduler launches: bound to its worker id, with an alias for the published image. */
import type { MutationCtx } from "../../../component/_generated/server.js";
import { mintToken } from "./mintToken.js";

/**
 * Throws `invalid_argument` (life), `lane_not_allowed` (a system lane without `trusted`), `master_key_invalid`. The token
 * and the alias are shown once: they go into the machine's environment and nowhere else.
 */
export async function mintMachineCredential(
  ctx: MutationCtx,
  machine: { workerId: string; workspace?: string; tags: string[]; lifetimeMs: number; trusted?: boolean },
): Promise<{ token: string; tokenId: string; alias: string }> {
  const { lifetimeMs, trusted, ...scope } = machine;
  const minted = await mintToken(ctx, { ...scope, ...(trusted === true && { trusted }) }, lifetimeMs, {
    alias: true,
    actor: "component",
  });
  return { token: minted.token, tokenId: minted.tokenId, alias: minted.alias ?? "" };
}
