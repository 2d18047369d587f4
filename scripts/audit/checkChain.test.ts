import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import fc from "../../test/property.js";
import { describe, expect, it } from "vitest";
import { AUDIT_GENESIS_HASH, type AuditEntry } from "../../src/contract/audit.js";
import { entryHash } from "../../src/policy/audit/chain.js";
import { checkChain, type Point } from "./checkChain.js";

type Unsealed = Omit<AuditEntry, "seq" | "hash">;
const GENESIS: Point = { seq: 0, hash: AUDIT_GENESIS_HASH };

/** Sealed with the product's code; checked with the script's. */
async function seal(acts: readonly Unsealed[], from: Point = GENESIS): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  let { seq, hash } = from;
  for (const act of acts) {
    seq += 1;
    hash = await entryHash({ ...act, seq }, hash);
    entries.push({ ...act, seq, hash });
  }
  return entries;
}
const linesOf = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row));
const pointOf = ({ seq, hash }: AuditEntry): Point => ({ seq, hash });

const text = fc.string({ unit: "grapheme", maxLength: 12 });
const act: fc.Arbitrary<Unsealed> = fc.record(
  {
    at: fc.integer({ min: 0, max: 4e12 }),
    kind: text,
    actor: text,
    subject: text,
    detail: fc.dictionary(fc.oneof(fc.stringMatching(/^[a-z0-9]{1,4}$/)), text, { maxKeys: 4 }),
  },
  { requiredKeys: ["at", "kind", "actor", "subject"] },
);
const acts = fc.array(act, { minLength: 3, maxLength: 8 });

describe("a sealed log", () => {
  it("holds, in one piece or in pages, whatever is in it", async () => {
    await fc.assert(
      fc.asyncProperty(acts, fc.nat(), async (list, cut) => {
        const entries = await seal(list);
        const head = pointOf(entries.at(-1)!);
        expect(await checkChain(linesOf([GENESIS, ...entries]), { head })).toMatchObject({
          ok: true,
          entries: entries.length,
          head,
        });
        const at = 1 + (cut % (entries.length - 1));
        const anchor = pointOf(entries[at - 1]!);
        const pages = [GENESIS, ...entries.slice(0, at), anchor, ...entries.slice(at)];
        expect((await checkChain(linesOf(pages), { head })).ok).toBe(true);
        // Truncated at the front: what is left verifies from its anchor on.
        expect((await checkChain(linesOf([anchor, ...entries.slice(at)]), { head, anchor })).ok).toBe(true);
      }),
      { numRuns: 100, seed: 7 },
    );
  });

  it("shows every change of a field, at the changed line", async () => {
    const field = fc.constantFrom("seq", "at", "kind", "actor", "subject", "detail", "hash", "extra");
    await fc.assert(
      fc.asyncProperty(acts, fc.nat(), field, async (list, pick, name) => {
        const entries = await seal(list);
        const index = pick % entries.length;
        const before = { ...entries[index] } as Record<string, unknown>;
        const was = before[name];
        const changed =
          name === "detail"
            ? { ...(was as object | undefined), zz: "added" }
            : name === "hash"
              ? flipped(was as string)
              : typeof was === "number"
                ? was + 1
                : `${typeof was === "string" ? was : ""}!`;
        const rows = entries.map((entry, i) => (i === index ? { ...entry, [name]: changed } : entry));
        expect(await checkChain(linesOf([GENESIS, ...rows]))).toMatchObject({ ok: false, line: index + 2 });
      }),
      { numRuns: 200, seed: 8 },
    );
  });

  it("shows every deletion, exchange and insertion, also when the rest is sealed anew", async () => {
    const operation = fc.constantFrom("delete", "exchange", "insert", "replace");
    await fc.assert(
      fc.asyncProperty(
        acts,
        act,
        fc.nat(),
        operation,
        fc.boolean(),
        async (list, other, pick, how, reseal) => {
          const entries = await seal(list);
          const head = pointOf(entries.at(-1)!);
          const index = pick % (entries.length - 1);
          const forged = { ...other, subject: `${other.subject} forged` };
          const rows: Unsealed[] = entries.map(({ seq: _s, hash: _h, ...row }) => row);
          const [a, b] = [rows[index]!, rows[index + 1]!];
          if (how === "delete") rows.splice(index, 1);
          else if (how === "insert") rows.splice(index, 0, forged);
          else if (how === "replace") rows.splice(index, 1, forged);
          else rows.splice(index, 2, b, a);
          // Exchanging two equal rows changes nothing.
          fc.pre(JSON.stringify(rows) !== JSON.stringify(list));
          const lines = reseal
            ? linesOf([GENESIS, ...(await seal(rows))])
            : linesOf([GENESIS, ...asTampered(entries, index, how, forged)]);
          expect((await checkChain(lines, { head })).ok).toBe(false);
          // Without a head that was noted down, what was not sealed anew is found all the same.
          if (!reseal) expect(await checkChain(lines)).toMatchObject({ ok: false, line: index + 2 });
        },
      ),
      { numRuns: 200, seed: 9 },
    );
  });

  it("shows a cut at the end only to who noted the head, and says so", async () => {
    const entries = await seal(["a", "b", "c"].map((kind) => ({ at: 1, kind, actor: "x", subject: "y" })));
    const lines = linesOf([GENESIS, ...entries.slice(0, 2)]);
    expect((await checkChain(lines)).ok).toBe(true);
    expect(await checkChain(lines, { head: pointOf(entries[2]!) })).toMatchObject({ ok: false, line: 4 });
    expect((await checkChain([])).ok).toBe(false);
  });
});

const flipped = (hash: string): string => (hash.startsWith("0") ? "1" : "0") + hash.slice(1);

/** What somebody without the hash function would do to the rows. */
function asTampered(entries: AuditEntry[], index: number, how: string, forged: Unsealed): unknown[] {
  const rows: unknown[] = [...entries];
  const { seq, hash } = entries[index]!;
  if (how === "delete") rows.splice(index, 1);
  else if (how === "insert") rows.splice(index, 0, { ...forged, seq, hash });
  else if (how === "replace") rows.splice(index, 1, { ...forged, seq, hash });
  else rows.splice(index, 2, { ...entries[index + 1]!, seq }, { ...entries[index]!, seq: seq + 1 });
  return rows;
}

describe("the command line", () => {
  const verify = (input: string, ...args: string[]) =>
    spawnSync(
      process.execPath,
      ["--import", "tsx", fileURLToPath(new URL("verify.ts", import.meta.url)), ...args],
      {
        input,
        encoding: "utf8",
      },
    );

  it("reads lines and says what is broken by its exit code and the first line", async () => {
    const entries = await seal(["a", "b", "c"].map((kind) => ({ at: 1, kind, actor: "x", subject: "y" })));
    const good = linesOf([GENESIS, ...entries]).join("\n");
    const { seq, hash } = entries[2]!;
    const held = verify(good, "--head", `${seq}:${hash}`);
    expect([held.status, held.stderr]).toEqual([0, ""]);
    expect(held.stdout).toContain("3 entries hold");
    const broken = verify(good.replace('"b"', '"B"'), "-");
    expect([broken.status, broken.stdout]).toEqual([1, ""]);
    expect(broken.stderr).toContain("line 3:");
    expect(verify("", "/nowhere/audit.jsonl").status).toBe(1);
  });
});
