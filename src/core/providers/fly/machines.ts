/** Machine calls of the Fly adapter. */
import { isGone, type MachineProvider, type MachineSpec, type ObservedMachine } from "../provider.js";
import { isFailure, ProviderError } from "../providerError.js";
import { adopt } from "./adopt.js";
import { firstWithRoom, order, readList, readOrNull } from "./calls.js";
import { flyDuration, machineBody } from "./createBodies.js";
import { existingMachineId } from "./failure.js";
import type { FlyClient } from "./flyClient.js";
import { observeMachine, zMachine } from "./wire.js";

type MachineCalls = Pick<
  MachineProvider,
  "listMachines" | "getMachine" | "createMachine" | "cordon" | "stop" | "destroy"
>;

export function machineCalls(client: FlyClient, appPath: string): MachineCalls {
  const path = `${appPath}/machines`;
  const machinePath = (id: string) => `${path}/${encodeURIComponent(id)}`;

  const listMachines: MachineCalls["listMachines"] = async () => {
    const { items, complete } = await readList(client, path, zMachine);
    return { machines: items.map(observeMachine).filter(({ state }) => state !== "gone"), complete };
  };

  const getMachine: MachineCalls["getMachine"] = async (id) => {
    const machine = await readOrNull(client, appPath, machinePath(id), zMachine);
    return machine && observeMachine(machine);
  };

  /** The machine that made a create fail with 409, or null when the refusal was about something else. */
  async function holderOf(spec: MachineSpec, refusal: ProviderError): Promise<ObservedMachine | null> {
    const id = existingMachineId(refusal.message);
    if (id !== null) {
      const machine = await getMachine(id);
      if (!isGone(machine)) return machine;
    }
    const { machines: living } = await listMachines();
    return living.find(({ name }) => name === spec.name) ?? null;
  }

  async function createIn(
    region: string,
    spec: MachineSpec,
    onUnknown: () => void,
  ): Promise<ObservedMachine> {
    const body = machineBody(spec, region);
    const sensitive = Object.values(spec.env).filter((value) => value !== spec.name);
    try {
      // Safe to repeat: Fly refuses a second machine of the same name.
      const call = { method: "POST", path, body, sensitive, onUnknown } as const;
      return observeMachine(await client.send(call, zMachine));
    } catch (error) {
      if (!(isFailure(error, "conflict") && error.status === 409)) throw error;
      const holder = await holderOf(spec, error);
      if (holder === null) throw error;
      return adopt(holder, spec, error.message);
    }
  }

  return {
    listMachines,
    getMachine,
    async createMachine(spec) {
      let unsettled = false;
      const onUnknown = () => {
        unsettled = true;
      };
      // A volume cannot leave its region, so with one only the first region is meant.
      const regions = spec.mount ? spec.regions.slice(0, 1) : spec.regions;
      try {
        const made = await firstWithRoom(regions, path, (region) => createIn(region, spec, onUnknown));
        return { ...made, unsettled };
      } catch (error) {
        throw unsettled && error instanceof ProviderError ? error.withUnknownOutcome() : error;
      }
    },
    cordon: (id) => order(client, { method: "POST", path: `${machinePath(id)}/cordon` }),
    stop: (id, { timeoutMs }) => {
      const body = { signal: "SIGTERM", timeout: flyDuration(timeoutMs) };
      return order(client, { method: "POST", path: `${machinePath(id)}/stop`, body });
    },
    destroy: (id) => order(client, { method: "DELETE", path: machinePath(id), query: "force=true" }),
  };
}
