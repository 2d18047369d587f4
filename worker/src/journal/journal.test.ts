import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TransportError, type SettleRequest } from "../transport/transport.js";
import { frame, unframe } from "./framed.js";
import { Journal } from "./journal.js";
import { replay } from "./replay.js";

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "journal-"));
  file = path.join(dir, "answers.journal");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const held = (id: string) => ({ messageId: id, leaseId: `lease-${id}` });
const says = (text: string): SettleRequest => ({ reply: { text, parts: 1 }, outcome: { kind: "complete" } });
const texts = (journal: Journal) => journal.open().map(({ request }) => request.reply?.text);
const reopened = () => Journal.open(dir, "w2");

describe("the frame", () => {
  it("reads back what was written, whatever the text", () => {
    const records = [{ a: "line\nbreak" }, { b: "\u2028 \u0000 é 🙂" }, null, 5];
    expect(unframe(records.map(frame).join(""))).toEqual({ records, truncated: false, damagedLines: [] });
  });

  it("notices every changed character", () => {
    const line = frame({ text: "hello" });
    for (let at = 0; at < line.length - 1; at += 1) {
      const changed = line.slice(0, at) + (line[at] === "0" ? "1" : "0") + line.slice(at + 1);
      expect(unframe(changed).records).toEqual([]);
    }
  });

  it("takes a cut off last line as not written, wherever it was cut", () => {
    const [first, second] = [frame({ n: 1 }), frame({ n: 2 })];
    for (let length = 1; length < second.length - 1; length += 1) {
      const { records, truncated, damagedLines } = unframe(first + second.slice(0, length));
      expect([records, truncated, damagedLines]).toEqual([[{ n: 1 }], true, []]);
    }
  });
});

describe("the journal", () => {
  it("gives the next process the last word of each message that nobody settled, under its writer's name", () => {
    const { journal } = Journal.open(dir, "w1");
    journal.note(held("m1"), says("first"));
    journal.note(held("m2"), says("second"));
    journal.note(held("m1"), says("first, later"));
    journal.note(held("m3"), says("third"));
    journal.settled(held("m3"));
    const next = reopened().journal;
    expect(texts(next)).toEqual(["second", "first, later"]);
    expect(next.open().map(({ workerId }) => workerId)).toEqual(["w1", "w1"]);
  });

  it("is readable for its owner only", () => {
    Journal.open(dir, "w1").journal.note(held("m1"), says("private"));
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("tolerates a record that was being written when the power went, and goes on after it", () => {
    Journal.open(dir, "w1").journal.note(held("m1"), says("kept"));
    appendFileSync(file, frame({ kind: "settled", leaseId: "lease-m1" }).slice(0, -9));
    const { journal, finding } = reopened();
    expect(finding).toEqual({ truncated: true, damagedLines: [], keptAs: null });
    journal.note(held("m2"), says("after"));
    expect(texts(reopened().journal)).toEqual(["kept", "after"]);
  });

  it("reports damage in the middle, keeps the file aside and reads the rest", () => {
    const { journal } = Journal.open(dir, "w1");
    for (const id of ["m1", "m2", "m3"]) journal.note(held(id), says(id));
    const content = readFileSync(file, "utf8");
    writeFileSync(file, content.replace('"m2"', '"mX"'));
    const { journal: next, finding } = reopened();
    expect(finding).toMatchObject({ truncated: false, damagedLines: [2] });
    expect(readFileSync(finding.keptAs ?? "", "utf8")).toContain('"mX"');
    expect(texts(next)).toEqual(["m1", "m3"]);
    expect(reopened().finding.damagedLines).toEqual([]);
  });

  it("starts a new file when the old one is large, with what is open and nothing else", () => {
    const { journal } = Journal.open(dir, "w1", { rotateBytes: 2_000 });
    journal.note(held("open"), says("still open"));
    for (let i = 0; i < 200; i += 1) {
      journal.note(held(`m${i}`), says("x".repeat(100)));
      journal.settled(held(`m${i}`));
      expect(statSync(file).size).toBeLessThan(3_000);
    }
    expect(texts(reopened().journal)).toEqual(["still open"]);
    expect(readdirSync(dir)).toEqual(["answers.journal"]);
  });

  it("throws at the start where the directory cannot be used, and only reports a disk that fails later", () => {
    writeFileSync(path.join(dir, "taken"), "");
    expect(() => Journal.open(path.join(dir, "taken"), "w1")).toThrow(/EEXIST|ENOTDIR/);
    const failures: unknown[] = [];
    const { journal } = Journal.open(path.join(dir, "own"), "w1", {
      onWriteFailed: (error) => failures.push(error),
    });
    journal.close();
    rmSync(path.join(dir, "own"), { recursive: true });
    journal.note(held("m1"), says("in memory at least"));
    expect(failures).toMatchObject([{ code: "ENOENT" }]);
    expect(texts(journal)).toEqual(["in memory at least"]);
  });
});

describe("the replay", () => {
  const log = pino({ level: "silent" });
  const withWills = (...ids: string[]) => {
    const journal = Journal.inMemory("w1");
    for (const id of ids) journal.note(held(id), says(id));
    return journal;
  };
  const refusing = (error: TransportError) => ({ settle: () => Promise.reject(error) });

  it("says each under its writer's lease, and what is too late is dropped quietly", async () => {
    const journal = withWills("m1", "m2");
    const calls: unknown[] = [];
    const results: string[] = [];
    await replay({
      journal,
      log,
      transportFor: (workerId) => ({
        settle: (of, request) => {
          calls.push([workerId, of, request.reply?.text]);
          if (of.messageId === "m1") return Promise.resolve({ ok: false, reason: "lease_lost" });
          return Promise.resolve({ ok: true, status: "done", nextScheduledFor: null, next: null });
        },
      }),
      onReplayed: (result) => results.push(result),
    });
    expect(calls).toEqual([
      ["w1", held("m1"), "m1"],
      ["w1", held("m2"), "m2"],
    ]);
    expect([results, journal.open()]).toEqual([["too_late", "accepted"], []]);
  });

  it.each([
    ["an outage", new TransportError("network", "down", true)],
    ["a refused credential", new TransportError("worker_token_revoked", "no", false, 401)],
  ])("keeps everything through %s", async (_, error) => {
    const journal = withWills("m1", "m2");
    await expect(replay({ journal, log, transportFor: () => refusing(error) })).rejects.toBe(error);
    expect(journal.open()).toHaveLength(2);
  });

  it.each([
    ["lease_lost", 409],
    ["worker_mismatch", 403],
    ["text_too_large", 400],
  ] as const)("does not repeat what was refused with %s", async (code, status) => {
    const journal = withWills("m1");
    await replay({
      journal,
      log,
      transportFor: () => refusing(new TransportError(code, "no", false, status)),
    });
    expect(journal.open()).toEqual([]);
  });

  it("gives one up at which the component itself fails every time", async () => {
    const journal = withWills("m1");
    const transportFor = () => refusing(new TransportError("internal", "bug", true, 500));
    for (let tries = 1; tries < 5; tries += 1)
      await expect(replay({ journal, log, transportFor })).rejects.toThrow("bug");
    await replay({ journal, log, transportFor });
    expect(journal.open()).toEqual([]);
  });
});
