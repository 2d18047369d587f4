/**
 * Checks requests as S3 does before they reach the local server, which knows no Signature Version 4. Written from Amazon's
 * description ("Signature Calculations for the Authorization Header"), independently of the library that signs.
 */
import { createHash, createHmac } from "node:crypto";

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
const hex = (text: string) => createHash("sha256").update(text).digest("hex");

/** A `fetch` that refuses what is not signed with this secret, over host, date and content hash at least. */
export function checkingFetch(
  secret: string,
  onRequest: (method: string) => void = () => undefined,
): typeof fetch {
  return async (input, init) => {
    const method = init?.method ?? "GET";
    onRequest(method);
    const url = new URL(input instanceof Request ? input.url : input);
    if (signatureOf(method, url, new Headers(init?.headers), secret)) return await fetch(url, init);
    return new Response("<Error><Code>SignatureDoesNotMatch</Code></Error>", { status: 403 });
  };
}

function signatureOf(method: string, url: URL, headers: Headers, secret: string): boolean {
  const given =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)$/.exec(
      headers.get("authorization") ?? "",
    );
  const [, scope = "", signedHeaders = "", signature = ""] = given ?? [];
  const names = signedHeaders.split(";");
  if (!["host", "x-amz-content-sha256", "x-amz-date"].every((name) => names.includes(name))) return false;
  const canonicalHeaders = names.map(
    (name) => `${name}:${name === "host" ? url.host : (headers.get(name) ?? "")}\n`,
  );
  const contentSha256 = headers.get("x-amz-content-sha256") ?? "";
  const canonical = [method, url.pathname, "", canonicalHeaders.join(""), signedHeaders, contentSha256].join(
    "\n",
  );
  const toSign = ["AWS4-HMAC-SHA256", headers.get("x-amz-date") ?? "", scope, hex(canonical)].join("\n");
  const [date = "", region = "", service = "", end = ""] = scope.split("/");
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), end);
  return service === "s3" && hmac(key, toSign).toString("hex") === signature;
}
