import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { aJob, loopWith } from "../../test/worker/fakes.js";
import { outcomes, runFor } from "../../test/worker/runFor.js";
import { MemoryError } from "./memory/memoryError.js";

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** A memory that notes what the loop asks of it, in the order of the loop's calls. */
function fakeMemory(world: ReturnType<typeof loopWith>, dueAfter = Infinity) {
  const order: string[] = [];
  let turns = 0;
  const memory = {
    attached: true,
    blocked: null as string | null,
    get due() {
      return turns >= dueAfter;
    },
    ensure: async (job: { conversationId: string }) => {
      turns += 1;
      order.push(`ensure ${job.conversationId}`);
    },
    save: async (reason: string) => {
      turns = 0;
      order.push(`save ${reason} after ${world.transport.calls.at(-1)?.operation ?? ""}`);
      return true;
    },
    release: async () => {
      order.push("release");
      return true;
    },
  };
  world.deps.memory = memory;
  world.engine.answer = async () => {
    order.push("run");
    return { text: "answer" };
  };
  return { memory, order };
}

describe("the loop of a worker with memory", () => {
  it("has the conversation's memory on the disk before the engine runs", async () => {
    const world = loopWith([aJob("m1")]);
    const { order } = fakeMemory(world);
    await runFor(world, 10);
    expect(order).toEqual(["ensure c", "run"]);
  });

  it("holds no message while it saves: once one is due, the ending write asks for no next job", async () => {
    const world = loopWith([aJob("m1"), aJob("m2"), aJob("m3")]);
    const { order } = fakeMemory(world, 2);
    await runFor(world, 10);
    expect(order).toEqual([
      "ensure c",
      "run",
      "ensure c",
      "run",
      "save periodic after settle",
      "ensure c",
      "run",
    ]);
    const ends = world.transport.calls.filter((call) => call.request?.outcome !== undefined);
    expect(ends.map((call) => call.request?.claimNext !== undefined)).toEqual([true, false, true]);
    expect(await outcomes(world)).toEqual({ done: 3 });
  });

  it("runs no engine on a memory that could not be restored, and the message is repeated", async () => {
    const world = loopWith([aJob("m1")]);
    const { memory, order } = fakeMemory(world);
    memory.ensure = () => Promise.reject(new MemoryError("damaged", "the archive is damaged"));
    await runFor(world, 10);
    expect(order).toEqual([]);
    expect(world.transport.settles("m1")).toEqual(["fail:retry:memory: the archive is damaged"]);
  });

  it("gives its conversation up when asked and idle", async () => {
    const world = loopWith([]);
    const { order } = fakeMemory(world);
    world.transport.controlState = async () => ({ shouldStop: false, release: true });
    await runFor(world, 16_000);
    expect(order).toEqual(["release"]);
  });

  it("stops when its disk may not be used, after handing the message back", async () => {
    const world = loopWith([aJob("m1"), aJob("m2")]);
    const { memory } = fakeMemory(world);
    memory.ensure = () => {
      memory.blocked = "unsaved memory of another conversation";
      return Promise.reject(new MemoryError("foreign", memory.blocked));
    };
    await runFor(world, 10);
    expect(world.states).toEqual(["stopping", "draining", "stopped"]);
    expect(await outcomes(world)).toEqual({ queued: 1 });
    expect(world.transport.jobs).toHaveLength(1);
  });
});
