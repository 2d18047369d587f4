import { describe, expect, test } from "vitest";
import { parseServerFrame, type ResponseFrame } from "./frames.js";
import { isFinalAgentResponse, judgeAgentResponse, judgeWaitResponse } from "./verdict.js";

function response(fields: object): ResponseFrame {
  const frame = parseServerFrame(JSON.stringify({ type: "res", id: "1", ...fields }));
  if (frame?.type !== "res") throw new Error("not a response");
  return frame;
}
const ok = (payload: object) => response({ ok: true, payload });
const judge = (frame: ResponseFrame) => judgeAgentResponse(frame, "secret");
const judgeWait = (frame: ResponseFrame) => judgeWaitResponse(frame, "secret");

describe("the response to agent", () => {
  test("texts of all payloads are joined, and files named", () => {
    const payloads = [{ text: "one" }, { text: null, mediaUrl: "/w/a.png" }, { text: " two\n" }];
    expect(judge(ok({ status: "ok", result: { payloads } }))).toEqual({
      kind: "answer",
      text: "one\n\ntwo",
      media: ["/w/a.png"],
    });
  });

  test.each([
    ["status error", { status: "error", summary: "lost" }, "crashed"],
    ["an error notice", { status: "ok", result: { payloads: [{ text: "x", isError: true }] } }, "crashed"],
    ["an unknown shape", { result: "ok" }, "crashed"],
    ["a timeout", { status: "timeout", timeoutPhase: "provider" }, "timeout"],
    ["an abort", { status: "timeout", summary: "aborted", stopReason: "rpc" }, "aborted"],
    ["no text", { status: "ok", result: { payloads: [{ text: " " }] } }, "empty"],
    ["no payloads", { status: "ok", result: {} }, "empty"],
  ])("ok:true with %s is a failure", (_name, payload, kind) => {
    expect(() => judge(ok(payload))).toThrowError(expect.objectContaining({ kind, retryable: true }));
  });

  test("refused input is not worth a repeat, a failed run is", () => {
    const failed = (code: string, payload?: object) =>
      response({ ok: false, error: { code, message: `bad secret ${"x".repeat(500)}` }, payload });
    expect(() => judge(failed("INVALID_REQUEST"))).toThrowError(
      expect.objectContaining({ kind: "refused", retryable: false }),
    );
    expect(() => judge(failed("UNAVAILABLE", { status: "error" }))).toThrowError(
      expect.objectContaining({
        kind: "crashed",
        retryable: true,
        message: expect.stringMatching(/^[^]{0,260}$/),
      }),
    );
    expect(() => judge(failed("UNAVAILABLE"))).not.toThrowError(/secret/);
  });

  test.each([
    [
      "null in every place",
      { status: "ok", summary: null, stopReason: null, result: { payloads: null } },
      "empty",
    ],
    ["no result", { status: "ok", result: null }, "empty"],
    ["a status nobody knows", { status: "lost", summary: 7 }, "crashed"],
  ])("%s is read as it is meant", (_name, payload, kind) => {
    expect(() => judge(ok(payload))).toThrowError(expect.objectContaining({ kind }));
  });

  test.each([
    [{ ok: false, error: "refused" }, "refused"],
    [{ ok: false, error: { code: 42 } }, "42: no reason given"],
    [{ ok: false, error: { message: "words", retryAfterMs: "soon" } }, "words"],
    [{ ok: false, error: null }, "no reason given"],
  ])("a refusal of an odd shape is a refusal: %j", (frame, words) => {
    expect(() => judge(response(frame))).toThrowError(words);
  });

  test.each([
    ["HTTP 529: Overloaded", "service", undefined],
    ["429 Rate limit reached. Please try again in 20s.", "service", 20_000],
    ["All models failed (2): connect ECONNREFUSED 127.0.0.1:8080", "service", undefined],
    ["the tool broke after 4290 steps", "message", undefined],
  ])("a failed run says whose fault it is: %s", (summary, blames, retryAfterMs) => {
    expect(() => judge(ok({ status: "error", summary }))).toThrowError(
      expect.objectContaining({ blames, retryAfterMs }),
    );
  });

  test("half a character and half a reason are made whole", () => {
    expect(judge(ok({ status: "ok", result: { payloads: [{ text: "done \ud83c" }] } }))).toMatchObject({
      text: "done \ufffd",
    });
    const reason = () => judge(ok({ status: "error", summary: `a${"😀".repeat(300)}` }));
    expect(reason).toThrowError(/^openclaw run failed: a(😀){99}\.\.\.$/u);
  });

  test("only acceptance is not the last word", () => {
    expect(isFinalAgentResponse(ok({ status: "accepted" }))).toBe(false);
    expect(isFinalAgentResponse(ok({ status: "in_flight" }))).toBe(true);
    expect(isFinalAgentResponse(response({ ok: false, error: { code: "X", message: "y" } }))).toBe(true);
  });
});

describe("the response to agent.wait", () => {
  test.each([
    ["an answer", { status: "ok", terminalReply: { disposition: "visible", text: "hi" } }, "answer"],
    ["an end without text (protocol 3)", { status: "ok" }, "unread"],
    ["a bare timeout", { status: "timeout" }, "unknown"],
    ["a run that waits", { status: "pending" }, "unknown"],
  ])("%s", (_name, payload, kind) => {
    expect(judgeWait(ok(payload))).toMatchObject({ kind });
  });

  test.each([
    ["a failed run", { status: "error", error: "boom" }, "crashed"],
    ["an aborted run", { status: "timeout", stopReason: "rpc" }, "aborted"],
    ["a silent reply", { status: "ok", terminalReply: { disposition: "silent" } }, "empty"],
  ])("%s is a failure", (_name, payload, kind) => {
    expect(() => judgeWait(ok(payload))).toThrowError(expect.objectContaining({ kind }));
  });
});

test("frames that are not the gateway's are ignored", () => {
  for (const text of ["", "[]", "null", '{"type":"res"}', '{"type":"other"}']) {
    expect(parseServerFrame(text)).toBeNull();
  }
});
