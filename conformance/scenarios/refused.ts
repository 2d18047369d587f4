/** A credential that is not accepted (any more). */
import type { Rig } from "../rig.js";
import type { RowId } from "../rows.js";
import type { Scenario } from "./scenario.js";

const withinMs = 10_000;

async function expectEnd(rig: Rig, id: RowId, code: string): Promise<void> {
  const refused = () =>
    rig.wires.gateway.exchanges.filter(({ answer }) => answer?.body.includes(code) === true);
  await rig.until(id, `a call that is refused with ${code}`, () => refused().length > 0, 20_000);
  await rig.untilEnded(id, withinMs, false);
  const calls = refused().length;
  rig.judge(id, calls <= 2, `${calls} calls with a refused credential`);
  rig.judge(id, rig.worker.output.includes(code), `the output does not name ${code}`);
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
