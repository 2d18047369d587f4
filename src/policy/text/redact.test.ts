import { describe, expect, it } from "vitest";
import { redactCredentials } from "./redact.js";
import { printable, redactSecrets } from "./redactSecrets.js";

const BOT = "7700123456:AAcanary-bot-token_0123456789abcdef";
const ALIAS = "Abcdefghijklmnopqrstuvwxyz0123456789-_ABCDE";

describe("what looks like a credential", () => {
  it.each([
    [
      `no route https://api.telegram.org/bot${BOT}/getMe`,
      "no route https://api.telegram.org/bot[redacted]/getMe",
    ],
    [`file/bot1:x/y`, "file/bot[redacted]/y"],
    [`token ${BOT} is wrong`, "token [redacted] is wrong"],
    ["401 for Bearer abc.def+ghi/j=, sorry", "401 for Bearer [redacted], sorry"],
    ['{"authorization":"bearer  abc"}', '{"authorization":"bearer  [redacted]"}'],
    [`FlyV1 fm2_abcdefgh/ij==,fm2_klmnopqrst`, "FlyV1 [redacted],[redacted]"],
    ["key sk-proj-0123456789ab was refused", "key [redacted] was refused"],
    ["eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ3MSJ9.c2lnbmF0dXJl!", "[redacted]!"],
    ["postgres://user:pa%40ss@db.example:5432/x", "postgres://[redacted]@db.example:5432/x"],
    ["https://h/x?a=1&api_key=abc&b=2", "https://h/x?a=1&api_key=[redacted]&b=2"],
    ["GET /o?X-Amz-Signature=0a1b HTTP", "GET /o?X-Amz-Signature=[redacted] HTTP"],
    [`https://h/agent-factory/w/${ALIAS}/api/query`, "https://h/agent-factory/w/[redacted]/api/query"],
  ])("%s", (text, clean) => {
    expect(redactCredentials(text)).toBe(clean);
    expect(redactCredentials(clean)).toBe(clean);
  });

  it.each([
    "connect ECONNREFUSED 127.0.0.1:8080",
    "Fly API POST /apps/x/machines failed: HTTP 500",
    "mail ann@example.com at 12:30, run 1234567:short",
    "https://example.com/a@b?page=2&keyboard=de",
    "conversation user:1234567890 of agent eyJ",
  ])("is not seen in: %s", (text) => {
    expect(redactCredentials(text)).toBe(text);
  });

  it("is looked for in time that grows with the text", () => {
    const start = performance.now();
    for (const piece of [
      " ",
      "a",
      "1",
      "://",
      "Bearer ",
      "?key",
      "?a-",
      "eyJ",
      "sk-",
      "@",
      "bot1",
      "/w/",
      ".",
    ])
      redactCredentials(piece.repeat(200_000));
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});

describe("what is known to be secret", () => {
  const secret = 'pa"ss&word/+1';

  it.each([secret, JSON.stringify({ secret }), `https://h/?x=${encodeURIComponent(secret)}`])(
    "goes from %s",
    (text) => {
      expect(redactSecrets(text, ["pa", secret])).not.toMatch(/word/);
    },
  );

  it("goes from an unexpected error, its stack and its causes, and leaves the place", () => {
    const cause = new Error(`sent ${secret} to https://u:p@h`);
    const text = printable(new TypeError(`bad ${secret}`, { cause }), [secret]);
    expect(text).toContain("TypeError: bad [redacted]");
    expect(text).toContain("caused by Error: sent [redacted] to https://[redacted]@h");
    expect(text).toContain("redact.test");
    expect(printable("plain Bearer abc")).toBe("plain Bearer [redacted]");
    expect(printable(undefined)).toBe("undefined");
  });
});
