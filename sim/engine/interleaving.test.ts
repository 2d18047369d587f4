import { makeFunctionReference, mutationGeneric } from "convex/server";
import { v } from "convex/values";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadInstallations } from "../platform/app/definition.js";
import { loadModules } from "../platform/app/modules.js";
import { deploy } from "./deployment.testing.js";
import { Engine, Interleaving, WriteConflict } from "./index.js";

const anything = { args: v.any() };
const add = makeFunctionReference<"mutation">("f:add");

const bank = {
  open: mutationGeneric({
    ...anything,
    handler: async (ctx) => [
      await ctx.db.insert("accounts", { sum: 100 }),
      await ctx.db.insert("accounts", { sum: 100 }),
    ],
  }),
  add: mutationGeneric({
    ...anything,
    handler: async (ctx, { id, sum }: { id: never; sum: number }) => {
      const account = await ctx.db.get(id);
      await ctx.db.patch(id, { sum: (account as unknown as { sum: number }).sum + sum });
    },
  }),
  move: mutationGeneric({
    ...anything,
    handler: async (ctx, { from, to, sum }: { from: string; to: string; sum: number }) => {
      await ctx.runMutation(add, { id: from, sum: -sum });
      await ctx.runMutation(add, { id: to, sum });
      return Math.random();
    },
  }),
};

/** Six people move money at once; returns what happened, in order. */
async function moveMoney(seed: number): Promise<string[]> {
  const time = new Interleaving({ seed, stallChance: 0.1 });
  const { run, rows, engine } = await deploy(bank, { pace: time });
  const [a, b] = (await time.drive(run("open"))) as [string, string];
  const events: string[] = [];
  await time.drive(
    Promise.all(
      [1, 2, 3, 4, 5, 6].map(async (person) => {
        const [from, to] = person % 2 ? [a, b] : [b, a];
        const moved = run("move", { from, to, sum: person });
        const outcome = await moved.then(String, (error: unknown) => {
          expect(error).toBeInstanceOf(WriteConflict);
          return "gave up";
        });
        events.push(`${person} ${outcome} ${time.now()}`);
      }),
    ),
  );
  const sums = rows("accounts").map(({ sum }) => sum as number);
  const moved = events.flatMap((event) => {
    const [person = "", outcome] = event.split(" ");
    return outcome === "gave" ? [] : [Number(person) * (Number(person) % 2 ? -1 : 1)];
  });
  const expected = 100 + moved.reduce((sum, one) => sum + one, 0);
  expect(sums).toEqual([expected, 200 - expected]);
  return [...events, JSON.stringify(engine.stats().conflicts)];
}

describe("made-up schedules", () => {
  it("lose no write, whatever the order: 200 of them", async () => {
    const conflicts = new Set<string>();
    for (let seed = 0; seed < 200; seed += 1) conflicts.add((await moveMoney(seed)).at(-1)!);
    expect(conflicts.size).toBeGreaterThan(5);
  });

  it("are the same for the same seed, and others for another", async () => {
    const [once, again, other] = [await moveMoney(7), await moveMoney(7), await moveMoney(8)];
    expect(again).toEqual(once);
    expect(other).not.toEqual(once);
  });

  it("say so when what is waited for cannot happen", async () => {
    await expect(new Interleaving({ seed: 1 }).drive(new Promise(() => undefined))).rejects.toThrow(
      "Nothing is left to do",
    );
  });
});

describe("the unmodified component", () => {
  const HOST = fileURLToPath(new URL("../platform/fixture/host", import.meta.url));

  it("ends every message once and in the order of its conversation, in 10 schedules of 4 workers", async () => {
    const installations = await loadInstallations(HOST);
    const components = installations.map(({ path, directory }) => ({
      path,
      modules: loadModules(directory),
      env: {},
    }));
    for (let seed = 0; seed < 10; seed += 1) {
      const time = new Interleaving({ seed, stepMs: 5 });
      const engine = await Engine.start({ components, pace: time });
      await engine.loadAll();
      const lib = (name: string, args: Parameters<Engine["call"]>[1]) =>
        engine.call({ componentPath: "agentFactory", udfPath: `lib:${name}` }, args);
      /** As a worker does: what met conflicts to the end is asked again. */
      const persistently = async (name: string, args: Parameters<Engine["call"]>[1]): Promise<unknown> => {
        for (;;) {
          try {
            return await lib(name, args);
          } catch (error) {
            if (!(error instanceof WriteConflict)) throw error;
          }
        }
      };
      const ended: string[] = [];
      const work = async (workerId: string) => {
        while (ended.length < 12) {
          const job = (await persistently("claim", { workerId })) as {
            messageId: string;
            leaseId: string;
            payload: { messageText: string };
          } | null;
          if (!job) await time.sleep(100);
          else {
            const { messageId, leaseId } = job;
            if (await persistently("complete", { workerId, messageId, leaseId }))
              ended.push(job.payload.messageText);
          }
        }
      };
      await time.drive(
        (async () => {
          await lib("configureAgent", { agentKey: "a", version: "1", secretsRef: [], enabled: true });
          const send = async (n: number) => {
            const payload = {
              provider: "app",
              providerUserId: "u",
              messageText: `${n % 4}/${Math.floor(n / 4)}`,
            };
            await persistently("enqueue", { conversationId: `c${n % 4}`, agentKey: "a", payload });
          };
          await Promise.all(
            [0, 1, 2, 3].map(async (chat) => {
              for (let n = chat; n < 12; n += 4) await send(n);
            }),
          );
          await Promise.all(["w1", "w2", "w3", "w4"].map(work));
        })(),
      );
      expect([...ended].sort()).toEqual(
        Array.from({ length: 12 }, (_one, n) => `${Math.floor(n / 3)}/${n % 3}`),
      );
      for (const chat of ["0", "1", "2", "3"])
        expect(ended.filter((text) => text.startsWith(chat))).toEqual([0, 1, 2].map((n) => `${chat}/${n}`));
      engine.close();
    }
  }, 120_000);
});
