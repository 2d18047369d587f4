/**
 * The token itself: a JWT (HS256) whose key is derived from a master key, named by `kid`. So a token outlives one rotation
 * of the master key, and no signing key is stored.
 */
import { errors, jwtVerify, SignJWT } from "jose";
import * as z from "zod";
import { factoryError } from "../../../contract/errors.js";
import { isLane, MAX_LANES } from "../../../policy/queue/lane.js";
import { deriveKeyBytes, type MasterKey } from "../../../policy/secrets/masterKey.js";
import type { MutationCtx, QueryCtx } from "../../../component/_generated/server.js";
import { findMasterKey } from "../../secrets/keyRing.js";

const ALGORITHM = "HS256";
const ISSUER = "agent-factory";
/** A token with 16 longest lanes and longest names is below 3 KiB; more is not ours and not worth decoding. */
const MAX_TOKEN_CHARS = 4096;
const KEY_ID_SHAPE = /^[0-9a-f]{16}$/;

const zClaims = z.object({
  jti: z.string().min(1).max(64),
  workspace: z.string().min(1).optional(),
  tags: z.array(z.string().refine(isLane)).min(1).max(MAX_LANES),
  group: z.string().optional(),
  workerId: z.string().min(1).optional(),
  /** May list system lanes. */
  trusted: z.boolean().optional(),
});
/** What a token says of its bearer; `jti` is the id of its row. */
export type WorkerClaims = z.infer<typeof zClaims>;

const signingKey = (master: MasterKey) => deriveKeyBytes(master, "agent-factory/worker-token/1");

/** Signs the claims; times are epoch ms and kept to the second. */
export async function signToken(
  master: MasterKey,
  { jti, ...scope }: WorkerClaims,
  issuedAt: number,
  expiresAt: number,
): Promise<string> {
  return await new SignJWT(scope)
    .setProtectedHeader({ alg: ALGORITHM, typ: "JWT", kid: master.keyId })
    .setIssuer(ISSUER)
    .setJti(jti)
    .setIssuedAt(Math.floor(issuedAt / 1000))
    .setExpirationTime(Math.floor(expiresAt / 1000))
    .sign(await signingKey(master));
}

/**
 * The claims of a token whose signature and expiry hold. Reads at most 1 document (a generated master key). Throws
 * `worker_token_invalid`, `worker_token_expired`, or `master_key_invalid` as `findMasterKey`.
 */
export async function verifyToken(ctx: QueryCtx | MutationCtx, token: string): Promise<WorkerClaims> {
  if (token.length > MAX_TOKEN_CHARS) throw invalidToken();
  try {
    const { payload } = await jwtVerify(
      token,
      async ({ kid }) => {
        const master = kid === undefined ? null : await findMasterKey(ctx, kid);
        if (!master) throw kid !== undefined && KEY_ID_SHAPE.test(kid) ? unknownKey(kid) : invalidToken();
        return await signingKey(master);
      },
      { algorithms: [ALGORITHM], issuer: ISSUER, requiredClaims: ["jti", "iat", "exp"] },
    );
    const claims = zClaims.safeParse(payload);
    if (!claims.success) throw invalidToken();
    return claims.data;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw expiredToken(signedId(error.payload));
    // jose checks the signature before any claim, so only its holder learns that a token has expired.
    if (error instanceof errors.JOSEError || error instanceof TypeError) throw invalidToken();
    throw error;
  }
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

const signedId = (payload: { jti?: string | undefined }): string | undefined => payload.jti?.slice(0, 64);
