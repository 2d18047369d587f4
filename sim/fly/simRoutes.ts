import { Hono } from "hono";
import { z } from "zod";
import type { SimEnv } from "../faults/index.js";
import { cloudFaultSchema, type CloudFaults } from "./cloudFaults.js";
import type { FlySimulator } from "./types.js";

const rulesBody = z.strictObject({ rules: z.array(cloudFaultSchema) });
const killBody = z.strictObject({ machineId: z.string() });

/** Inspection and control from another process. Mount at `/__sim` behind the admin guard. */
export function simRoutes(
  simulator: Pick<FlySimulator, "counts" | "calls" | "machines" | "volumes" | "kill">,
  faults: CloudFaults,
): Hono<SimEnv> {
  return new Hono<SimEnv>()
    .get("/counts", (c) => c.json(simulator.counts()))
    .get("/calls", (c) => c.json({ calls: simulator.calls() }))
    .get("/machines", (c) => c.json({ machines: simulator.machines() }))
    .get("/volumes", (c) => c.json({ volumes: simulator.volumes() }))
    .get("/cloud-faults", (c) => c.json({ rules: faults.status() }))
    .post("/cloud-faults", async (c) => {
      const body = rulesBody.safeParse(await c.req.json().catch(() => undefined));
      if (!body.success) return c.json({ error: z.prettifyError(body.error) }, 400);
      faults.set(body.data.rules);
      return c.json({ rules: faults.status() });
    })
    .post("/kill", async (c) => {
      const body = killBody.safeParse(await c.req.json().catch(() => undefined));
      if (!body.success) return c.json({ error: z.prettifyError(body.error) }, 400);
      try {
        simulator.kill(body.data.machineId);
        return c.json({ killed: body.data.machineId });
      } catch (error) {
        return c.json({ error: error instanceof Error ? error.message : String(error) }, 400);
      }
    });
}
