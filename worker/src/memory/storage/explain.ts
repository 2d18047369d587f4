/** What keeps a bucket from being used, with what to change. */
import { failureOf } from "../../net/failure.js";
import { HttpFailure } from "../transfer.js";

/** By S3's own words ("Error responses" in its API reference), which other servers use too. */
const byCode: Record<string, string> = {
  NoSuchBucket: "there is no such bucket: correct SNAPSHOT_BASE_URI",
  InvalidBucketName: "there is no such bucket: correct SNAPSHOT_BASE_URI",
  InvalidAccessKeyId: "the server does not know AWS_ACCESS_KEY_ID",
  SignatureDoesNotMatch: "AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID",
  InvalidToken: "AWS_SESSION_TOKEN does not belong to the key, or is missing",
  ExpiredToken: "AWS_SESSION_TOKEN has expired",
  RequestTimeTooSkewed: "this machine's clock is wrong: turn on time synchronisation",
  AccessDenied: "a right is missing: GetObject, PutObject and DeleteObject below the prefix",
  AllAccessDisabled: "the bucket was closed by its provider",
};
const otherRegion: ReadonlySet<string> = new Set([
  "PermanentRedirect",
  "TemporaryRedirect",
  "AuthorizationHeaderMalformed",
  "IllegalLocationConstraintException",
  "IncorrectEndpoint",
]);

/** One line without address or secret. `error`: what a call of the storage rejected with. */
export function explainStorage(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof HttpFailure)) {
    const { kind, what } = failureOf(cause ?? error);
    const hint = kind === "tls" ? ": name its authority in NODE_EXTRA_CA_CERTS" : "";
    return `the server cannot be reached (${what})${hint}`;
  }
  const { status, code = "", region, message } = cause;
  const elsewhere = otherRegion.has(code) || (status >= 300 && status < 400);
  if (elsewhere || (status === 400 && region !== undefined))
    return `${message}: the bucket is in another region: set AWS_REGION${region === undefined ? "" : ` to ${region}`}`;
  const why =
    byCode[code] ??
    (status === 403 ? byCode["AccessDenied"] : status === 404 ? byCode["NoSuchBucket"] : undefined);
  return why === undefined ? message : `${message}: ${why}`;
}
