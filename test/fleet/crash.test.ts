/** The acting control plane is stopped at every provider call of a machine's whole life: its action neither returns nor throws. */
import { describe, expect, it } from "vitest";
import { useFleet, type FleetWorld } from "./fleetWorld.js";

const fleet = useFleet();
const never = new Promise<never>(() => undefined);

/** Short deadlines, so that a stuck step is taken up soon. */
const FAST = {
  scaling: { idleTimeoutMs: 8_000, reconcileIntervalMs: 2_000 },
  fleet: { stepDeadlineMs: 5_000, orphanGraceMs: 4_000, bootDeadlineMs: 20_000, drainDeadlineMs: 30_000 },
};
const MOST_CALLS = 40;

/** One message, answered, and everything removed again. Returns what was answered and how many calls it took. */
async function wholeLife(f: FleetWorld): Promise<string[]> {
  await f.configure(FAST);
  await f.world.send("c1", "hello");
  let answered: string[] = [];
  answered = await f.live(async () => (await answeredCount(f)) === 1, 240_000, 2_000);
  await f.live(() => f.atRest(), 600_000, 2_000);
  return answered;
}
const answeredCount = (f: FleetWorld): Promise<number> =>
  f.world.t.run(
    async (ctx) => (await ctx.db.query("messageQueue").collect()).filter((m) => m.status === "done").length,
  );

describe("the control plane stops for ever", () => {
  it.each(["before", "after"] as const)(
    "%s the effect of each call in turn, and nothing is lost or left behind",
    async (when) => {
      for (let nth = 1; nth <= MOST_CALLS; nth += 1) {
        const f = nth === 1 ? fleet() : await fleet.next();
        f.patienceMs = 150;
        let calls = 0;
        let stopped = false;
        f.aroundCall = async (make) => {
          calls += 1;
          if (calls !== nth) return await make();
          stopped = true;
          f.patienceMs = 10;
          if (when === "after") await make();
          return await never;
        };
        expect(await wholeLife(f), `stopped at call ${nth}`).toEqual(["hello"]);
        expect(f.fly.counts().machinesPeak, `stopped at call ${nth}`).toBeLessThanOrEqual(1);
        if (!stopped) return expect(nth).toBeGreaterThan(8);
      }
      throw new Error(`a whole life takes more than ${MOST_CALLS} calls`);
    },
    120_000,
  );
});
