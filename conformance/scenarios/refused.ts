/** A credential that is not accepted (any more). */
import { z } from "zod";
import type { Rig } from "../rig.js";
import type { RowId } from "../rows.js";
import { operationOf } from "../trace.js";
import { refusal, type Scenario } from "./scenario.js";

const withinMs = 10_000;
const zRefusal = z.looseObject({ error: z.looseObject({ message: z.string() }) });

async function expectEnd(rig: Rig, id: RowId, code: string): Promise<void> {
  const refused = () =>
    rig.wires.gateway.exchanges.filter(({ answer }) => answer?.body.includes(code) === true);
  await rig.until(id, `a call that is refused with ${code}`, () => refused().length > 0, 20_000);
  await rig.untilEnded(id, withinMs, false);
  const calls = refused().length;
  rig.judge(id, calls <= 2, `${calls} calls after ${code}`);
  const told = zRefusal.safeParse(refused().at(-1)?.answer?.json);
  const words = told.success ? [code, told.data.error.message] : [code];
  const named = words.some((word) => rig.worker.output.includes(word));
  rig.judge(id, named, `the output says neither ${code} nor its message`);
}

export const unknownToken: Scenario = {
  name: "unknownToken",
  shows: ["P-AUTH-4"],
  async play(rig) {
    const [header = "", claims = "", signature = ""] = rig.secrets.token.split(".");
    const forged = signature.startsWith("A") ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
    rig.env = { ...rig.env, AGENT_TOKEN: `${header}.${claims}.${forged}` };
    rig.launch();
    await expectEnd(rig, "P-AUTH-4", "worker_token_invalid");
  },
};

export const revokedToken: Scenario = {
  name: "revokedToken",
  shows: ["P-AUTH-5"],
  async play(rig) {
    rig.launch();
    const served = () => rig.calls("claim").some(({ answer }) => answer?.status === 200);
    await rig.until("P-CLAIM-1", "the first claim", served);
    await rig.revokeToken();
    await expectEnd(rig, "P-AUTH-5", "worker_token_revoked");
  },
};

/** The refusals that need more than this kit's one worker and one tenant; said by the kit in the gateway's place. */
export const otherRefusals: Scenario = {
  name: "otherRefusals",
  shows: ["P-AUTH-4", "P-AUTH-5"],
  async play(rig) {
    for (const [id, status, code] of [
      ["P-AUTH-4", 401, "worker_token_expired"],
      ["P-AUTH-5", 403, "worker_mismatch"],
      ["P-AUTH-5", 403, "worker_id_taken"],
      ["P-AUTH-5", 403, "workspace_mismatch"],
      ["P-AUTH-5", 403, "lane_not_allowed"],
    ] as const) {
      rig.wires.gateway.treat = async (exchange, forward) =>
        operationOf(exchange) === "claim" ? refusal(status, code, "the kit says so") : await forward();
      rig.launch();
      await expectEnd(rig, id, code);
    }
  },
};
