/** What kept a call from being answered, by the codes of the system, OpenSSL, undici and our own; the one place that knows them. */
import { ProxyError } from "./proxy.js";

/**
 * `dns`: the name does not resolve; `tls`: the server's certificate or the handshake; `client_certificate`: the server wants
 * one, or another one; `proxy`: the way ended at the proxy.
 */
export type FailureKind =
  "dns" | "refused" | "timeout" | "tls" | "client_certificate" | "proxy" | "unreachable";

export interface NetworkFailure {
  kind: FailureKind;
  /** For people: the code, or what the proxy said. Without addresses and secrets, which messages of errors may hold. */
  what: string;
}

/** Reads an error of `fetch`, a socket or the driver of a database. */
export function failureOf(error: unknown): NetworkFailure {
  const chain = causesOf(error);
  const proxy = chain.find((cause) => cause instanceof ProxyError);
  if (proxy !== undefined) return { kind: "proxy", what: proxy.message };
  const coded = chain.flatMap((cause) => codeOf(cause) ?? []);
  const code = coded.at(-1) ?? nameOf(chain) ?? "connection failed";
  return { kind: coded.map(kindOf).find((kind) => kind !== "unreachable") ?? kindOf(code), what: code };
}

/** Errors name their cause; several addresses of one name fail together. At most this deep. */
const MAX_DEPTH = 6;

function causesOf(error: unknown, depth = 0): Error[] {
  if (!(error instanceof Error) || depth >= MAX_DEPTH) return [];
  const inner: unknown = error instanceof AggregateError ? (error.errors as unknown[])[0] : error.cause;
  return [error, ...causesOf(inner, depth + 1)];
}

const codeOf = (error: Error): string | null =>
  "code" in error && typeof error.code === "string" && error.code !== "" ? error.code : null;

/** `TimeoutError`, `AbortError`: what has no code has a name. */
const nameOf = (chain: Error[]): string | undefined =>
  chain.map(({ name }) => name).findLast((name) => name !== "Error" && name !== "TypeError");

/** A web server that speaks TLS first and says afterwards, in HTML, that it wants a certificate (nginx). */
export class CertificateWanted extends Error {
  readonly code = "CERTIFICATE_WANTED";
}
/** nginx's pages for its statuses 495 and 496, sent as HTTP 400. */
export const wantsCertificate = (status: number, page: string): boolean =>
  status === 400 && /<title>400 (No required SSL certificate was sent|The SSL certificate error)</.test(page);

const kinds: Record<string, FailureKind> = {
  CERTIFICATE_WANTED: "client_certificate",
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns",
  ECONNREFUSED: "refused",
  ETIMEDOUT: "timeout",
  TimeoutError: "timeout",
  UND_ERR_CONNECT_TIMEOUT: "timeout",
  UND_ERR_HEADERS_TIMEOUT: "timeout",
  UND_ERR_BODY_TIMEOUT: "timeout",
};

/** OpenSSL's alerts (RFC 8446 §6.2) by which a server says that it wants a certificate, or does not take this one. */
const alertsAboutClient =
  /ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(REVOKED|EXPIRED|UNKNOWN)|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)/;

/** Node's "X509 certificate error codes" in `tls`, beside those that have CERT in their name. */
const certificateCodes =
  /CERT|CRL|SIGNATURE|ISSUER|INVALID_CA|PATH_LENGTH_EXCEEDED|INVALID_PURPOSE|HOSTNAME_MISMATCH|SELF_SIGNED/;

function kindOf(code: string): FailureKind {
  const known = kinds[code];
  if (known !== undefined) return known;
  if (alertsAboutClient.test(code)) return "client_certificate";
  return certificateCodes.test(code) || /^(ERR_TLS_|ERR_SSL_|EPROTO$|UND_ERR_PRX_TLS$)/.test(code)
    ? "tls"
    : "unreachable";
}
