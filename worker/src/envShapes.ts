/** The shapes of values that several variables share. No value appears in a message. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { z } from "zod";

export const text = z.string();

/**
 * A key, which travels in a header: visible ASCII (RFC 9110 §5.5, less the spaces that no key has). What a page or a chat turned
 * into other characters is refused here, by the variable's name; a request would fail without saying which value it was.
 */
export const keyText = z.string().superRefine((value, ctx) => {
  const issue = (message: string): void => void ctx.addIssue({ code: "custom", message });
  if (/\s/.test(value)) issue("must be one key on one line, without spaces");
  else if (!/^[\x21-\x7e]*$/.test(value))
    issue("holds a character that no key has, such as a typographic quote or dash, or an invisible one");
  else if (/^(["']).*\1$/.test(value))
    issue("is in quotation marks, which belong to the file or shell it was copied from");
});

/** A duration in ms, `least` to one day. */
export const wholeMs = (least: number) =>
  z
    .string()
    .regex(/^\d+$/, "must be a whole number of milliseconds")
    .transform(Number)
    .refine((ms) => ms >= least && ms <= 86_400_000, `must be between ${least} and 86400000`);

/** An address that paths are appended to: no trailing slash, no credentials, no query. */
export function httpUrl(example: string, protocols = ["http:", "https:"]) {
  return z.string().superRefine((value, ctx) => {
    const problem = urlProblem(value, protocols);
    if (problem !== null) ctx.addIssue({ code: "custom", message: `${problem}, e.g. ${example}` });
  });
}
function urlProblem(value: string, protocols: string[]): string | null {
  const problem = addressProblem(value, protocols);
  if (problem !== null) return problem;
  const url = new URL(value);
  if (url.username !== "" || url.password !== "") return "must not hold credentials";
  if (url.search !== "" || url.hash !== "") return "must not hold a query or a fragment";
  return value.endsWith("/") ? "must not end with a slash" : null;
}
function addressProblem(value: string, protocols: string[]): string | null {
  if (!URL.canParse(value)) return "is not a URL";
  if (protocols.includes(new URL(value).protocol)) return null;
  return `must start with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`;
}

/** An HTTP proxy; it may hold credentials and a trailing slash, as other programs accept them in this variable. */
export const proxyUrl = z.string().superRefine((value, ctx) => {
  const problem = addressProblem(value, ["http:", "https:"]);
  if (problem !== null)
    ctx.addIssue({ code: "custom", message: `${problem}, e.g. http://proxy.internal:3128` });
});

/** The text of a base64 PEM variable, or null when it is no base64 of a PEM with its header lines. */
export function pemOf(base64: string): string | null {
  const compact = base64.replace(/\s+/g, "");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) return null;
  const pem = Buffer.from(compact, "base64").toString("utf8");
  return /^\s*-----BEGIN [A-Z0-9 ]+-----/.test(pem) ? pem : null;
}

const readable = (open: (pem: string) => unknown) => (base64: string) => {
  const pem = pemOf(base64);
  if (pem === null) return false;
  try {
    open(pem);
    return true;
  } catch {
    return false;
  }
};

/** A client certificate (with its chain, if any) as base64 of the PEM. */
export const pemCertificate = z.string().refine(
  readable((pem) => new X509Certificate(pem)),
  "must be the base64 of a PEM certificate, including its BEGIN and END lines",
);
/** A private key without passphrase as base64 of the PEM. */
export const pemPrivateKey = z.string().refine(
  readable((pem) => createPrivateKey(pem)),
  "must be the base64 of a PEM private key without passphrase, including its BEGIN and END lines",
);

/** Whether the private key is the certificate's. Both have been checked. */
export const isPair = (certificate: string, key: string): boolean =>
  new X509Certificate(pemOf(certificate) ?? "").checkPrivateKey(createPrivateKey(pemOf(key) ?? ""));

type AllOf<Union> = (Union extends unknown ? (each: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** The variables of all entries of a registry, in its order. */
export const variablesOf = <Entry extends { readonly env: z.ZodRawShape }>(entries: readonly Entry[]) =>
  Object.assign({}, ...entries.map(({ env }) => env)) as AllOf<Entry["env"]>;
