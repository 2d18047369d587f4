import { describe, expect, it } from "vitest";
import { isClean, judge, type FleetFigures, type Seen } from "./judge.js";
import { planTraffic } from "./traffic.js";

const sent = planTraffic(4, 2).first.map((message, index) => ({ ...message, sentAt: 1_000 + index }));
const answer = (index: number, at: number, chatId = sent[index]!.chatId): Seen => ({
  chatId,
  text: `answer to: ${sent[index]!.text}`,
  at,
});
const all = [answer(0, 1_100), answer(1, 1_200), answer(2, 1_300), answer(3, 2_003)];
const tookMs = 1_000;
const push = { chatId: sent[0]!.chatId, text: "your reminder" };
const pushAnswer: Seen = { chatId: push.chatId, text: `answer to: ${push.text}`, at: 2_500 };
const fleet: FleetFigures = {
  machinesPeak: 2,
  machinesAtEnd: 0,
  volumesAtEnd: 0,
  snapshots: 3,
  memoryRestored: true,
  providerCalls: 20,
};

describe("judge", () => {
  it("finds nothing wrong when every message is answered once and in order", () => {
    const verdict = judge(sent, all, { kill: { at: 1_500, text: sent[3]!.text }, tookMs: 12_340 });
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
      pushed: false,
    });
  });

  it("counts a message without an answer as lost, and knows no recovery", () => {
    const verdict = judge(sent, all.slice(0, 3), { kill: { at: 1_500, text: sent[3]!.text }, tookMs });
    expect(verdict).toMatchObject({ answered: 3, lost: 1, recoveredAfterKillMs: null });
  });

  it("counts a second answer as duplicated", () => {
    const verdict = judge(sent, [...all, answer(0, 3_000)], { tookMs });
    expect(verdict).toMatchObject({ answered: 4, lost: 0, duplicated: 1 });
  });

  it("counts an answer in another chat as lost there and one too many here", () => {
    const astray = [all[0]!, answer(1, 1_200, sent[0]!.chatId), all[2]!, all[3]!];
    expect(judge(sent, astray, { tookMs })).toMatchObject({ lost: 1, duplicated: 1 });
  });

  it("counts an overtaken message of the same conversation, and only of the same", () => {
    const overtaken = [all[2]!, all[0]!, all[1]!, all[3]!];
    expect(judge(sent, overtaken, { tookMs })).toMatchObject({ outOfOrder: 1, lost: 0, duplicated: 0 });
    const interleaved = [all[1]!, all[3]!, all[0]!, all[2]!];
    expect(judge(sent, interleaved, { tookMs })).toMatchObject({ outOfOrder: 0 });
  });

  it("reads an answer that quotes older messages by the last one it names", () => {
    const quoting = { ...all[2]!, text: `before: ${sent[0]!.text}\nnow: ${sent[2]!.text}` };
    expect(judge(sent, [all[0]!, all[1]!, quoting, all[3]!], { tookMs })).toMatchObject({
      duplicated: 0,
      lost: 0,
    });
  });

  it("counts the push's answer once, in its user's chat, and not among the messages", () => {
    const once = judge(sent, [...all, pushAnswer], { push, tookMs });
    expect(once).toMatchObject({ answered: 4, duplicated: 0, pushed: true });
    const twice = judge(sent, [...all, pushAnswer, pushAnswer], { push, tookMs });
    expect(twice).toMatchObject({ duplicated: 1, pushed: true });
    const astray = judge(sent, [...all, { ...pushAnswer, chatId: 1 }], { push, tookMs });
    expect(astray).toMatchObject({ duplicated: 1, pushed: false });
  });
});

describe("isClean", () => {
  const verdict = { ...judge(sent, [...all, pushAnswer], { push, tookMs }), ...fleet };

  it("takes a run in which every promise was kept, memory or not", () => {
    expect(isClean(verdict)).toBe(true);
    expect(isClean({ ...verdict, memoryRestored: null })).toBe(true);
  });

  it.each([
    { lost: 1 },
    { duplicated: 1 },
    { outOfOrder: 1 },
    { machinesAtEnd: 1 },
    { volumesAtEnd: 1 },
    { memoryRestored: false },
    { pushed: false },
  ])("does not take one with %o", (fault) => {
    expect(isClean({ ...verdict, ...fault })).toBe(false);
  });
});
