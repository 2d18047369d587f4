/** How several workers share a line: each takes of its first rows what is its own; one alone takes them in order. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { seeded } from "../../../test/simulation/random.js";
import { textOf, useWorld } from "../../../test/component/world.js";
import { windowFor } from "../../policy/queue/share.js";

const world = useWorld();

beforeEach(() => {
  const luck = seeded(7);
  vi.spyOn(Math, "random").mockImplementation(() => luck.next());
});

async function fill(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await world.send(`c${i}`, String(i));
}

/** Looks of the scheduler have counted as many idle workers as there are names. */
async function known(...workers: string[]): Promise<void> {
  for (const worker of workers) await world.claim(worker);
}

describe("a line of equal conversations", () => {
  it("is strict for one worker, whatever the scheduler has published", async () => {
    await known("w1");
    await fill(12);
    await world.pass(1_000);
    const served: (string | undefined)[] = [];
    for (let i = 0; i < 12; i += 1) {
      const job = await world.mustClaim("w1");
      served.push(textOf(job));
      await world.complete("w1", job);
    }
    expect(served).toEqual(Array.from({ length: 12 }, (_, index) => String(index)));
  });

  it("is shared by four: different rows, none from behind the first twelve", async () => {
    await known("w1", "w2", "w3", "w4");
    await fill(40);
    await world.pass(1_000);
    const first = Number(textOf(await world.claim("w1")));
    const second = Number(textOf(await world.claim("w2")));
    const third = Number(textOf(await world.claim("w3")));
    expect(new Set([first, second, third]).size).toBe(3);
    expect(Math.max(first, second, third)).toBeLessThan(
      windowFor({ worker: "w1", listed: ["w1", "w2", "w3", "w4"], company: true }) + 3,
    );
    expect([first, second, third]).not.toEqual([0, 1, 2]);
  });

  it("keeps the order within each conversation exact", async () => {
    await known("w1", "w2", "w3");
    for (let turn = 0; turn < 3; turn += 1)
      for (let i = 0; i < 6; i += 1) await world.send(`c${i}`, `${i} ${turn}`);
    await world.pass(1_000);
    const turns = new Map<string, string[]>();
    for (let i = 0; i < 18; i += 1) {
      const job = await world.mustClaim(`w${(i % 3) + 1}`);
      const texts = turns.get(job.conversationId) ?? [];
      turns.set(job.conversationId, [...texts, textOf(job) ?? ""]);
      await world.complete(`w${(i % 3) + 1}`, job);
    }
    for (const [conversation, texts] of turns)
      expect(texts).toEqual([0, 1, 2].map((turn) => `${conversation.slice(1)} ${turn}`));
  });

  it("has a next candidate for a claim that comes too late for its first", async () => {
    await fill(3);
    const taken = await world.t.run((ctx) =>
      ctx.db
        .query("conversations")
        .withIndex("by_conversationId", (q) => q.eq("conversationId", "c0"))
        .unique(),
    );
    // As a stale snapshot shows it: still in line, while the row itself says that another worker has it.
    await world.t.run((ctx) => ctx.db.patch(taken!._id, { owner: "somebody else" }));
    expect(textOf(await world.claim("w1"))).toBe("1");
    expect(textOf(await world.claim("w2"))).toBe("2");
  });
});
