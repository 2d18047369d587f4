/**
 * The token itself: a JWT (HS256) whose key is derived from a master key, named by `kid`. So a token outlives one rotation
 * of the master key, and no signing key is stored.
 */
import { factoryError } from "../../../contract/errors.js";
import {
  boolean,
  lazily,
  list,
  object,
  optional,
  readOrNull,
  string,
  where,
} from "../../../policy/json/readers.js";
import { isLane, MAX_LANES } from "../../../policy/queue/lane.js";
import { deriveKeyBytes, type MasterKey } from "../../../policy/secrets/masterKey.js";
import { parseJwt, registeredClaimsFault, signJwt } from "../../../policy/tokens/jwt.js";
import type { MutationCtx, QueryCtx } from "../../../component/_generated/server.js";
import { findMasterKey } from "../../secrets/keyRing.js";

const ISSUER = "agent-factory";
/** A token with 16 longest lanes and longest names is below 3 KiB; more is not ours and not worth decoding. */
const MAX_TOKEN_CHARS = 4096;
const MAX_ID_CHARS = 64;
const KEY_ID_SHAPE = /^[0-9a-f]{16}$/;

const claimsOf = lazily(() => {
  const name = where(string, (text) => text !== "");
  const lane = where(string, isLane);
  return object({
    jti: where(name, (text) => text.length <= MAX_ID_CHARS),
    workspace: optional(name),
    tags: where(list(lane), ({ length }) => length >= 1 && length <= MAX_LANES),
    group: optional(string),
    workerId: optional(name),
    /** May list system lanes. */
    trusted: optional(boolean),
  });
});
/** What a token says of its bearer; `jti` is the id of its row. */
export type WorkerClaims = ReturnType<typeof claimsOf>;

const signingKey = (master: MasterKey) => deriveKeyBytes(master, "agent-factory/worker-token/1");

/** Signs the claims; times are epoch ms and kept to the second. */
export async function signToken(
  master: MasterKey,
  { jti, ...scope }: WorkerClaims,
  issuedAt: number,
  expiresAt: number,
): Promise<string> {
  const times = { iat: Math.floor(issuedAt / 1000), exp: Math.floor(expiresAt / 1000) };
  return await signJwt({ ...scope, iss: ISSUER, jti, ...times }, master.keyId, await signingKey(master));
}

/**
 * The claims of a token whose signature and expiry hold. Reads at most 1 document (a generated master key). Throws
 * `worker_token_invalid`, `worker_token_expired`, or `master_key_invalid` as `findMasterKey`.
 */
export async function verifyToken(ctx: QueryCtx | MutationCtx, token: string): Promise<WorkerClaims> {
  const jwt = token.length > MAX_TOKEN_CHARS ? null : parseJwt(token);
  if (jwt === null || !KEY_ID_SHAPE.test(jwt.kid)) throw invalidToken();
  const master = await findMasterKey(ctx, jwt.kid);
  if (master === null) throw unknownKey(jwt.kid);
  const signed = await jwt.open(await signingKey(master));
  const fault = signed === null ? "invalid" : registeredClaimsFault(signed, ISSUER, Date.now());
  // The signature was checked before any claim, so only its holder learns that a token has expired.
  if (fault === "expired") throw expiredToken(signedId(signed));
  const claims = fault === null ? readOrNull(claimsOf, signed) : null;
  if (claims === null) throw invalidToken();
  return claims;
}

export const invalidToken = () =>
  factoryError(
    "worker_token_invalid",
    "The worker token is not valid here. Mint one with createAgentWorkerToken.",
  );
/** Nothing secret: key ids are public, and whether one is known shows in what it signs. */
const unknownKey = (keyId: string) =>
  factoryError(
    "worker_token_invalid",
    `The worker token was signed with master key ${keyId}, which is not available here. Mint one with ` +
      "createAgentWorkerToken, or set that key as AGENT_FACTORY_MASTER_KEY_PREVIOUS.",
    { keyId },
  );
export const expiredToken = (tokenId?: string) =>
  factoryError(
    "worker_token_expired",
    "The worker token has expired. Mint one with createAgentWorkerToken.",
    tokenId === undefined ? {} : { tokenId },
  );
export const revokedToken = (tokenId: string) =>
  factoryError("worker_token_revoked", "The worker token was revoked.", { tokenId });

const signedId = (signed: Readonly<Record<string, unknown>> | null): string | undefined =>
  typeof signed?.jti === "string" && signed.jti.length <= MAX_ID_CHARS ? signed.jti : undefined;
