/** What every channel that sends must do with an answer, whatever happens on the way. Files of tests call it with their channel. */
import { describe, expect, it, vi } from "vitest";
import { wellFormed } from "../../src/policy/text/cut.js";
import { FileGone, type OutgoingFile } from "../../worker/src/attachments/files.js";
import type { Outbound, Recipient } from "../../worker/src/channels/channel.js";

/** What the far end does with the next send. */
export type Fate =
  /** Takes it, and its answer is lost. */
  | "lost"
  /** Asks to be left alone for two minutes. */
  | "busyFor"
  /** Asks to be left alone, and does not say how long. */
  | "busy"
  /** Will never take it. */
  | "refused"
  /** Takes nothing until `well`. */
  | "down"
  | "well";

/** A channel and its far end. */
export interface SendingSubject {
  outbound: Outbound;
  recipient: Recipient;
  /** Longest message in UTF-16 code units. */
  limit: number;
  fate(how: Fate): void;
  /** The texts and the names of files that arrived, oldest first. */
  arrived(): string[];
  /** How often the far end was shown that an answer is being written. */
  progressShown(): number;
}

const idle = new AbortController().signal;
const file = (load: OutgoingFile["load"]): OutgoingFile => ({
  file: { storageId: "s", kind: "document", fileName: "notes.txt", mimeType: "text/plain", sizeBytes: 5 },
  load,
});
const notes = file(() => Promise.resolve(new TextEncoder().encode("hello")));

/** `subject` gives a fresh one, or one whose far end has forgotten everything. */
export function describeSending(name: string, subject: () => SendingSubject): void {
  const arrivedIn = async (run: (to: SendingSubject) => Promise<unknown>): Promise<string[]> => {
    const to = subject();
    const before = to.arrived().length;
    await run(to);
    return to.arrived().slice(before);
  };
  const send = ({ outbound, recipient }: SendingSubject, part = "hello", signal = idle) =>
    outbound.send(part, recipient, signal);

  describe(`${name}, sending`, () => {
    it("confirms what arrived, once", async () => {
      const arrived = await arrivedIn(async (to) => expect(await send(to)).toEqual({ kind: "sent" }));
      expect(arrived).toEqual(["hello"]);
    });

    it("says that a part is in doubt when its answer was lost, and does not send it again", async () => {
      const arrived = await arrivedIn(async (to) => {
        to.fate("lost");
        expect(await send(to)).toMatchObject({ kind: "ambiguous" });
      });
      expect(arrived.length).toBeLessThanOrEqual(1);
    });

    it("passes on for how long it is to be left alone", async () => {
      const arrived = await arrivedIn(async (to) => {
        to.fate("busyFor");
        expect(await send(to)).toMatchObject({ kind: "transient", retryAfterMs: 120_000 });
      });
      expect(arrived).toEqual([]);
    });

    it("neither doubts nor gives up what was put off without a time", async () => {
      const to = subject();
      to.fate("busy");
      const { kind } = await send(to);
      expect(["sent", "transient"]).toContain(kind);
      to.fate("well");
      expect(await send(to, "later")).toEqual({ kind: "sent" });
    });

    it("says what will never be taken, with a reason, after one try", async () => {
      const arrived = await arrivedIn(async (to) => {
        to.fate("refused");
        const result = await send(to);
        expect(result).toMatchObject({ kind: "refused" });
        expect("reason" in result && result.reason).toMatch(/\S/);
      });
      expect(arrived).toEqual([]);
    });

    it("rejects for nothing that the far end does", async () => {
      const to = subject();
      to.fate("down");
      expect(["transient", "ambiguous"]).toContain((await send(to)).kind);
    });

    it("never lets its credential into a reason", async () => {
      for (const how of ["lost", "busyFor", "refused", "down"] as const) {
        const to = subject();
        to.fate(how);
        const secret = to.recipient.credential;
        if (secret !== null) expect(JSON.stringify(await send(to))).not.toContain(secret);
      }
    });

    it("lets nothing leave once it was aborted, or when it may not send any more", async () => {
      const arrived = await arrivedIn(async (to) => {
        expect(await send(to, "late", AbortSignal.abort())).toMatchObject({ kind: "withheld" });
        const { outbound, recipient } = to;
        expect(await outbound.send("no", recipient, idle, () => false)).toMatchObject({ kind: "withheld" });
        expect(await outbound.sendFile(notes, recipient, idle, () => false)).toMatchObject({
          kind: "withheld",
        });
      });
      expect(arrived).toEqual([]);
    });

    it("has a word for a recipient without a credential", () => {
      const { outbound, recipient } = subject();
      expect(outbound.problem(recipient)).toBeNull();
      if (recipient.credential !== null)
        expect(outbound.problem({ ...recipient, credential: null })).toMatch(/\S/);
    });
  });

  describe(`${name}, a long answer`, () => {
    const family = "👩‍👩‍👧‍👦";
    const accented = "e\u0301";

    it.each([
      ["words", "word and ".repeat(1_000)],
      ["one word", "x".repeat(9_001)],
      ["families", family.repeat(1_000)],
      ["accents", accented.repeat(5_000)],
      ["paragraphs", `${"line\n".repeat(40)}\n`.repeat(50)],
    ])("of %s becomes messages that are all taken, and loses nothing", async (_, text) => {
      const to = subject();
      const parts = to.outbound.render(text);
      expect(to.outbound.render(text)).toEqual(parts);
      expect(parts.length).toBeGreaterThan(1);
      for (const part of parts) {
        expect(part.length).toBeLessThanOrEqual(to.limit);
        expect(wellFormed(part)).toBe(part);
        // No message begins in the middle of what people see as one character.
        expect(part).not.toMatch(/^(\u200d|\u0301|\ufe0f)/u);
      }
      const bare = (said: string) => said.replace(/\s/g, "");
      expect(bare(parts.join(""))).toBe(bare(text));
      for (const part of parts.slice(0, 2)) expect(await send(to, part)).toEqual({ kind: "sent" });
    });

    it("that is blank is no message", () => {
      expect(subject().outbound.render(" \n\t ")).toEqual([]);
    });
  });

  describe(`${name}, files`, () => {
    it("arrive, or are put off or refused by what became of their content", async () => {
      const arrived = await arrivedIn(async ({ outbound, recipient }) => {
        expect(await outbound.sendFile(notes, recipient, idle)).toEqual({ kind: "sent" });
        const gone = file(() => Promise.reject(new FileGone("gone")));
        expect(await outbound.sendFile(gone, recipient, idle)).toMatchObject({ kind: "refused" });
        const away = file(() => Promise.reject(new Error("away")));
        expect(await outbound.sendFile(away, recipient, idle)).toMatchObject({ kind: "transient" });
      });
      expect(arrived).toEqual(["notes.txt"]);
    });
  });

  describe(`${name}, progress`, () => {
    it("is shown until the answer is there, and never in its way", async () => {
      for (const how of ["well", "down"] as const) {
        const to = subject();
        if (to.outbound.progress === undefined) return;
        to.fate(how);
        const before = to.progressShown();
        const answered = new AbortController();
        const showing = to.outbound.progress(to.recipient, answered.signal);
        if (how === "well")
          await vi.waitFor(() => expect(to.progressShown()).toBeGreaterThan(before), { timeout: 10_000 });
        answered.abort();
        await expect(showing).resolves.toBeUndefined();
      }
    });
  });
}
