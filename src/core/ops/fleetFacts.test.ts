import { expect, it } from "vitest";
import { START, useWorld } from "../../../test/component/world.js";
import { CONFIG } from "../../../test/fleet/config.js";

const world = useWorld();

it("fleetHealth says that launches rest while somebody waits for them, and not after", async () => {
  const { t, lib } = world;
  const problem = { code: "died_at_boot", message: "A machine ended at once.", at: START };
  const paused = { launchFailures: 1, launchesPausedUntil: START + 60_000, problem };
  const waiting = [{ conversationId: "c1", reason: "launches_paused" }];
  const row = await t.run((ctx) => ctx.db.insert("fleetState", { ...paused, blocked: waiting }));
  const codes = async () => (await t.query(lib.fleetHealth, {})).findings.map(({ code }) => code);
  await t.mutation(lib.setProviderRuntimeConfig, { providerConfig: CONFIG });
  expect(await codes()).toContain("launches_paused");
  await t.run((ctx) => ctx.db.patch(row, { blocked: [] }));
  expect(await codes()).not.toContain("launches_paused");
});
