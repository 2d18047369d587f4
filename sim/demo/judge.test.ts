import { describe, expect, it } from "vitest";
import { isClean, judge, type Seen } from "./judge.js";
import { planTraffic } from "./traffic.js";

const sent = planTraffic(4, 2).map((message, index) => ({ ...message, sentAt: 1_000 + index }));
const answer = (index: number, at: number, chatId = sent[index]!.chatId): Seen => ({
  chatId,
  text: `answer to: ${sent[index]!.text}`,
  at,
});
const all = [answer(0, 1_100), answer(1, 1_200), answer(2, 1_300), answer(3, 2_003)];

describe("judge", () => {
  it("finds nothing wrong when every message is answered once and in order", () => {
    const verdict = judge(sent, all, { at: 1_500, text: sent[3]!.text }, 12_340);
    expect(verdict).toEqual({
      messages: 4,
      answered: 4,
      lost: 0,
      duplicated: 0,
      outOfOrder: 0,
      recoveredAfterKillMs: 503,
      p50Ms: 199,
      p99Ms: 1_000,
      seconds: 12.3,
    });
    expect(isClean(verdict)).toBe(true);
  });

  it("counts a message without an answer as lost, and knows no recovery", () => {
    const verdict = judge(sent, all.slice(0, 3), { at: 1_500, text: sent[3]!.text }, 1_000);
    expect(verdict).toMatchObject({ answered: 3, lost: 1, recoveredAfterKillMs: null });
    expect(isClean(verdict)).toBe(false);
  });

  it("counts a second answer as duplicated", () => {
    const verdict = judge(sent, [...all, answer(0, 3_000)], null, 1_000);
    expect(verdict).toMatchObject({ answered: 4, lost: 0, duplicated: 1 });
    expect(isClean(verdict)).toBe(false);
  });

  it("counts an answer in another chat as lost there and one too many here", () => {
    const astray = [all[0]!, answer(1, 1_200, sent[0]!.chatId), all[2]!, all[3]!];
    expect(judge(sent, astray, null, 1_000)).toMatchObject({ lost: 1, duplicated: 1 });
  });

  it("counts an overtaken message of the same conversation, and only of the same", () => {
    const overtaken = [all[2]!, all[0]!, all[1]!, all[3]!];
    expect(judge(sent, overtaken, null, 1_000)).toMatchObject({ outOfOrder: 1, lost: 0, duplicated: 0 });
    const interleaved = [all[1]!, all[3]!, all[0]!, all[2]!];
    expect(judge(sent, interleaved, null, 1_000)).toMatchObject({ outOfOrder: 0 });
  });

  it("reads an answer that quotes older messages by the last one it names", () => {
    const quoting = { ...all[2]!, text: `before: ${sent[0]!.text}\nnow: ${sent[2]!.text}` };
    expect(judge(sent, [all[0]!, all[1]!, quoting, all[3]!], null, 1_000)).toMatchObject({
      duplicated: 0,
      lost: 0,
    });
  });
});
