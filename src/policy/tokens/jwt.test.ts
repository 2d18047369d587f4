import fc from "../../../test/property.js";
import { createHmac } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { parseJwt, registeredClaimsFault, signJwt } from "./jwt.js";

const NOW = Date.UTC(2026, 0, 1);
const SECONDS = NOW / 1000;
const KEY = Uint8Array.from({ length: 32 }, (_, i) => 7 * i + 3);
const OTHER = Uint8Array.from({ length: 32 }, (_, i) => 11 * i + 5);
const KID = "0123456789abcdef";
const CLAIMS = { iss: "me", jti: "t1", iat: SECONDS, exp: SECONDS + 60, tags: ["ä", "b"] };
const HEADER = { alg: "HS256", typ: "JWT", kid: KID };

const part = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
/** Signed with our key whatever the header says, by Node's own crypto. */
const forge = (header: unknown, claims: unknown, hash = "sha256") => {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${createHmac(hash, KEY).update(signed).digest("base64url")}`;
};
const open = async (token: string, key = KEY) => (await parseJwt(token)?.open(key)) ?? null;

describe("tokens", () => {
  it("are read by jose, and jose's are read here", async () => {
    const ours = await signJwt(CLAIMS, KID, KEY);
    const read = await jwtVerify(ours, KEY, { algorithms: ["HS256"], currentDate: new Date(NOW) });
    expect(read.payload).toEqual(CLAIMS);
    expect(read.protectedHeader).toEqual(HEADER);
    const theirs = await new SignJWT(CLAIMS).setProtectedHeader(HEADER).sign(KEY);
    expect(parseJwt(theirs)?.kid).toBe(KID);
    expect(await open(theirs)).toEqual(CLAIMS);
    expect(await open(forge(HEADER, CLAIMS))).toEqual(CLAIMS);
  });

  it("of another key show nothing", async () => {
    expect(await open(await signJwt(CLAIMS, KID, KEY), OTHER)).toBeNull();
  });

  const good = forge(HEADER, CLAIMS);
  const [header, claims, signature] = good.split(".") as [string, string, string];
  it.each<[string, string]>([
    ["no algorithm", `${part({ ...HEADER, alg: "none" })}.${claims}.`],
    ["no algorithm, with a signature", forge({ ...HEADER, alg: "none" }, CLAIMS)],
    ["the algorithm in another case", forge({ ...HEADER, alg: "hs256" }, CLAIMS)],
    ["HS512", forge({ ...HEADER, alg: "HS512" }, CLAIMS, "sha512")],
    ["HS512 that is HS256", forge({ ...HEADER, alg: "HS512" }, CLAIMS)],
    ["RS256 over the secret", forge({ ...HEADER, alg: "RS256" }, CLAIMS)],
    ["a list of algorithms", forge({ ...HEADER, alg: ["HS256"] }, CLAIMS)],
    ["no key id", forge({ alg: "HS256" }, CLAIMS)],
    ["a key id that is a number", forge({ ...HEADER, kid: 1 }, CLAIMS)],
    ["an extension that must be understood", forge({ ...HEADER, crit: ["b64"], b64: false }, CLAIMS)],
    ["a header that is a list", forge([HEADER], CLAIMS)],
    ["a header that is null", forge("null", CLAIMS)],
    ["a header that is no JSON", forge("{", CLAIMS)],
    [
      "a header that is no UTF-8",
      `${Buffer.from([0x7b, 0xff, 0x7d]).toString("base64url")}.${claims}.${signature}`,
    ],
    ["claims that are a list", forge(HEADER, [])],
    ["claims that are no JSON", forge(HEADER, "x")],
    ["two parts", `${header}.${claims}`],
    ["four parts", `${good}.`],
    ["five parts, as an encrypted one has", `${good}.a.b`],
    ["a dot in front", `.${good}`],
    ["no signature", `${header}.${claims}.`],
    ["a shorter signature", good.slice(0, -2)],
    ["a padded signature", `${good}=`],
    ["stray bits at the end of the signature", `${good.slice(0, -1)}${bumped(good.at(-1)!)}`],
    ["the alphabet of base64", `${header}.${claims}.${"+/".repeat(21)}A`],
    ["white space", ` ${good}`],
    ["a line break inside", `${header}.${claims}\n.${signature}`],
    ["nothing", ""],
    ["three empty parts", ".."],
    ["a part of one character", `${header}.A.${signature}`],
    ["a megabyte", "x.".repeat(500_000)],
  ])("with %s are refused", async (_, token) => {
    expect(await open(token)).toBeNull();
  });

  it("are refused wherever one character differs", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(good.length - 1),
        fc.string({ minLength: 1, maxLength: 1 }),
        async (at, char) => {
          fc.pre(good[at] !== char);
          expect(await open(good.slice(0, at) + char + good.slice(at + 1))).toBeNull();
        },
      ),
    );
  });
});

/** The next character of the alphabet: another way to write the same bytes, when it ends a part of 43 characters. */
function bumped(char: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return alphabet[alphabet.indexOf(char) + 1]!;
}

describe("registered claims", () => {
  const fault = (claims: Record<string, unknown>) =>
    registeredClaimsFault({ ...CLAIMS, ...claims }, "me", NOW);

  it("hold until the second in which they expire", () => {
    expect(fault({})).toBeNull();
    expect(fault({ exp: SECONDS + 1 })).toBeNull();
    expect(fault({ exp: SECONDS })).toBe("expired");
    expect(fault({ exp: -1 })).toBe("expired");
    expect(fault({ nbf: SECONDS })).toBeNull();
  });

  it.each<[string, Record<string, unknown>]>([
    ["another issuer", { iss: "you" }],
    ["no issuer", { iss: undefined }],
    ["a list of issuers", { iss: ["me"] }],
    ["no id", { jti: undefined }],
    ["an id that is a number", { jti: 1 }],
    ["no time of issue", { iat: undefined }],
    ["a time of issue in words", { iat: "now" }],
    ["no expiry", { exp: undefined }],
    ["an expiry in words", { exp: String(SECONDS + 60) }],
    ["an expiry that is null", { exp: null }],
    ["an expiry that never comes", { exp: Infinity }],
    ["a start that is still to come", { nbf: SECONDS + 1 }],
    ["a start in words", { nbf: "0" }],
    ["an expiry in the past, of another issuer", { exp: 0, iss: "you" }],
  ])("with %s are refused", (_, claims) => {
    expect(fault(claims)).toBe("invalid");
  });
});
