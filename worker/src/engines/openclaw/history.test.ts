import { describe, expect, test } from "vitest";
import { historyPayloadSchema } from "./frames.js";
import { isAttemptAt, traceTurn } from "./history.js";

const user = (key: string | undefined, text = "hi") => ({
  role: "user",
  content: text,
  ...(key === undefined ? {} : { idempotencyKey: `${key}:user` }),
});
const assistant = (text: string, rest: object = {}) => ({
  role: "assistant",
  content: [{ type: "thinking" }, { type: "text", text }],
  stopReason: "stop",
  ...rest,
});
const trace = (...messages: object[]) =>
  traceTurn(historyPayloadSchema.parse({ messages }), isAttemptAt("m1"));

const said = (text: string) => ({ text, media: [] });

describe("traceTurn", () => {
  test("the answer follows the user row of the message", () => {
    expect(trace(user("m0:1"), assistant("zero"), user("m1:1"), assistant("one"))).toEqual({
      runKey: "m1:1",
      said: said("one"),
    });
  });

  test("the gateway's own row after a restart has a key and yet starts no turn", () => {
    const provenance = { kind: "internal_system", sourceTool: "main_session_restart_recovery" };
    const note = { ...user("0d1f", "[System] Your previous turn was interrupted"), provenance };
    expect(trace(user("m1:1"), note, assistant("done"))).toEqual({ runKey: "m1:1", said: said("done") });
    expect(trace(user("m1:1"), { ...note, provenance: { kind: "other" } }, assistant("done"))).toEqual({
      runKey: "m1:1",
    });
  });

  test("an answer to the next message is not ours", () => {
    expect(trace(user("m1:1"), user("m2:1"), assistant("two"))).toEqual({ runKey: "m1:1" });
  });

  test("the newest attempt counts", () => {
    expect(trace(user("m1:1"), assistant("old"), user("m1:2:r1"))).toEqual({ runKey: "m1:2:r1" });
  });

  test("rows without key belong to the turn: a resumed turn's last text is the answer", () => {
    const note = user(undefined, "[System] Your previous turn was interrupted");
    const tool = { role: "toolResult", content: [{ type: "text", text: "42" }] };
    expect(
      trace(user("m1:1"), assistant("let me see", { stopReason: "toolUse" }), tool, note, assistant("done")),
    ).toMatchObject({ said: said("done") });
  });

  test.each([
    { stopReason: "aborted" },
    { stopReason: "error" },
    { stopReason: "toolUse" },
    { openclawAbort: {} },
  ])("an unfinished row %j is no answer", (rest) => {
    expect(trace(user("m1:1"), assistant("half", rest))).toEqual({ runKey: "m1:1" });
  });

  test("media lines are left out", () => {
    const lines = [
      "see",
      "MEDIA:/w/a.png",
      " media: ./b.png",
      "MEDIA:`https://x/c.png`",
      "MEDIA: not a path",
    ];
    const text = [...lines, "```", "MEDIA:/fenced.png", "```"].join("\n");
    expect(trace(user("m1:1"), assistant(text))).toMatchObject({
      said: {
        text: "see\nMEDIA: not a path\n```\nMEDIA:/fenced.png\n```",
        media: ["/w/a.png", "./b.png", "https://x/c.png"],
      },
    });
  });

  test("an answer of media only is an answer", () => {
    expect(trace(user("m1:1"), assistant("MEDIA:/w/a.png"))).toMatchObject({
      said: { text: "", media: ["/w/a.png"] },
    });
  });

  test("a message the gateway never saw leaves no trace", () => {
    expect(trace(user("m10:1"), assistant("ten"), user("m1:x"))).toEqual({});
  });
});
