import { afterEach, expect, it, vi } from "vitest";
import { fetchTelegramFile } from "./fetchFile.js";

afterEach(() => void vi.unstubAllGlobals());
const api = { baseUrl: "http://telegram.test", token: "1:secret" };
function answers(...replies: [status: number, body: unknown][]): void {
  vi.stubGlobal("fetch", () => {
    const [status, body] = replies.length > 1 ? replies.shift()! : replies[0]!;
    return Promise.resolve(Response.json(body, { status }));
  });
}
const refusal = (error_code: number, description: string, more = {}): [number, unknown] => [
  error_code,
  { ok: false, error_code, description, ...more },
];

it.each<[number, string]>([
  [400, "Bad Request: wrong file_id or the file is temporarily unavailable"],
  [400, "Bad Request: file is not ready, try again later"],
  [408, "Request Timeout"],
  [409, "Conflict"],
  [500, "Internal Server Error"],
  [502, "Bad Gateway"],
])("%i %s: the file is asked for again", async (code, description) => {
  answers(refusal(code, description));
  expect(await fetchTelegramFile(api, "f", 100)).toMatchObject({ kind: "later" });
});
it.each<[number, string]>([
  [400, "Bad Request: wrong file_id specified"],
  [400, "Bad Request: invalid file_id"],
  [400, "Bad Request: wrong remote file identifier specified: Wrong character in the string"],
  [401, "Unauthorized"],
  [404, "Not Found"],
])("%i %s: it is given up, with Telegram's words", async (code, description) => {
  answers(refusal(code, description));
  expect(await fetchTelegramFile(api, "f", 100)).toEqual({
    kind: "failed",
    error: `Telegram refused the file: ${code} ${description}`,
  });
});
it("a file that Telegram calls too big, or says is too big for us, is named so", async () => {
  answers(refusal(400, "Bad Request: file is too big"));
  expect(await fetchTelegramFile(api, "f", 100)).toEqual({ kind: "tooLarge" });
  answers([200, { ok: true, result: { file_path: "a/b", file_size: 101 } }]);
  expect(await fetchTelegramFile(api, "f", 100)).toEqual({ kind: "tooLarge" });
});
it("a wait is kept as Telegram wants it, and a download that is refused is tried again by a new path", async () => {
  answers(refusal(429, "Too Many Requests", { parameters: { retry_after: 300 } }));
  expect(await fetchTelegramFile(api, "f", 100)).toMatchObject({ kind: "later", afterMs: 300_000 });
  answers([200, { ok: true, result: { file_path: "a/b" } }], [404, {}]);
  expect(await fetchTelegramFile(api, "f", 100)).toMatchObject({ kind: "later" });
});
