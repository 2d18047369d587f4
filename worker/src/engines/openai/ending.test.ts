/** Where an answer ends, and what comes instead of an end. */
import { afterEach, expect, it, vi } from "vitest";
import { readAnswer } from "./answer.js";
import { errorIn, failureOf } from "./failure.js";
import { wordsOf } from "../words.js";

const finished = 'data: {"choices":[{"delta":{"content":"four"},"finish_reason":"stop"}]}\n\n';
const begun = 'data: {"choices":[{"delta":{"content":"fo"}}]}\n\n';
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A body that begins with `text`; `then` says what comes of it. */
function body(text: string, then: (controller: ReadableStreamDefaultController<Uint8Array>) => void) {
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytesOf(text)),
    pull: then,
    cancel: () => void (cancelled = true),
  });
  return { stream, wasLeft: () => cancelled };
}
const reset = Object.assign(new TypeError("terminated"), { code: "UND_ERR_SOCKET" });

afterEach(() => void vi.useRealTimers());

it("an answer that was finished stays when its connection fails behind the end, and half of one does not", async () => {
  const fail = (text: string) => readAnswer(body(text, (to) => to.error(reset)).stream, undefined);
  expect(await fail(finished)).toBe("four");
  await expect(fail(begun)).rejects.toBe(reset);
});

it("an answer that was finished stays when what follows it is cut in the middle", async () => {
  const cut = (text: string) => readAnswer(body(text, (to) => to.close()).stream, undefined);
  expect(await cut(`${finished}data: {"choices":[],"usa`)).toBe("four");
  await expect(cut(`${begun}data: {"choices":[{"del`)).rejects.toMatchObject({ kind: "crashed" });
});

it("a server that keeps the connection open behind the end is left, one that pauses within the answer is not", async () => {
  vi.useFakeTimers();
  const open = body(finished, () => new Promise(() => undefined) as unknown as void);
  const answer = readAnswer(open.stream, undefined);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([await answer, open.wasLeft()]).toEqual(["four", true]);
  const pausing = body(begun, (to) => {
    setTimeout(() => {
      to.enqueue(bytesOf(finished));
      to.close();
    }, 60_000);
    return new Promise(() => undefined) as unknown as void;
  });
  const whole = readAnswer(pausing.stream, undefined);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await whole).toBe("fofour");
});

it.each([
  ["a line", ""],
  ["an event", "\ndata: "],
])("%s without end is given up, and the connection left", async (_what, between) => {
  const piece = bytesOf(between + "x".repeat(1_000_000));
  let sent = 0;
  const endless = body("data: ", (to) => {
    sent += 1;
    to.enqueue(piece);
  });
  await expect(readAnswer(endless.stream, undefined)).rejects.toThrow("the answer does not end");
  expect(endless.wasLeft()).toBe(true);
  expect(sent).toBeLessThan(30);
});

it("no part of a key is in the words of an error, wherever they are cut", () => {
  const key = "very-secret-key-123";
  const told = (before: number) =>
    errorIn({ error: { message: `${"x".repeat(before)} ${key} is wrong` } }, key)?.words;
  for (let before = 270; before < 300; before += 1) expect(told(before)).not.toContain("very");
});

it.each(["<", "<title", "<script", "<a "])("a page of %j does not hold the worker up", (piece) => {
  const startedAt = performance.now();
  wordsOf(piece.repeat(200_000));
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

it.each([301, 302, 307, 404, 405])(
  "HTTP %i is an address or a model to be mended, and no message pays for it",
  (status) => {
    expect(failureOf({ status, words: "model not found" })).toMatchObject({
      kind: "refused",
      retryable: false,
      blames: "service",
    });
  },
);
