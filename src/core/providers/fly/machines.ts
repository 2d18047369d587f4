/** Machine calls of the Fly adapter. */
import {
  isGone,
  type CreatedMachine,
  type MachineProvider,
  type MachineSpec,
  type ObservedMachine,
} from "../provider.js";
import { ProviderError } from "../providerError.js";
import { adopt } from "./adopt.js";
import { flyDuration, machineBody } from "./createBodies.js";
import { existingMachineId, noRegion } from "./failure.js";
import type { FlyCall, FlyClient } from "./flyClient.js";
import { readList } from "./readList.js";
import { orNull } from "./orNull.js";
import { observeMachine, zAnything, zMachine } from "./wire.js";
import { ACTION_RATE, GET_RATE } from "./pacer.js";

type MachineCalls = Pick<
  MachineProvider,
  "listMachines" | "getMachine" | "createMachine" | "cordon" | "stop" | "destroy"
>;

export function machineCalls(client: FlyClient, appPath: string): MachineCalls {
  const machines = `${appPath}/machines`;
  const machinePath = (id: string) => `${machines}/${encodeURIComponent(id)}`;

  const listMachines: MachineCalls["listMachines"] = async () => {
    const { items, complete } = await readList(client, machines, zMachine);
    const living = items.map(observeMachine).filter(({ state }) => state !== "gone");
    return { machines: living, complete };
  };

  const getMachine = (id: string) =>
    orNull(client, appPath, async () => {
      const path = machinePath(id);
      const rate = { key: `get ${path}`, limit: GET_RATE };
      return observeMachine(await client.send({ method: "GET", path, rate, repeatable: true }, zMachine));
    });

  /** An order about one machine. 404 is fine: there is nothing to give it to. */
  async function order(
    id: string,
    call: Pick<FlyCall, "method" | "query" | "body">,
    verb = "",
  ): Promise<void> {
    const path = `${machinePath(id)}${verb}`;
    const rate = { key: `${call.method} ${path}`, limit: ACTION_RATE };
    try {
      await client.send({ ...call, path, rate, repeatable: true }, zAnything);
    } catch (error) {
      if (!(error instanceof ProviderError && error.kind === "not_found")) throw error;
    }
  }

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
    try {
      const call: FlyCall = {
        method: "POST",
        path: machines,
        body: machineBody(spec, region),
        rate: { key: `POST ${machines}`, limit: ACTION_RATE },
        // Safe to repeat: Fly refuses a second machine of the same name.
        repeatable: true,
        sensitive: Object.values(spec.env).filter((value) => value !== spec.name),
        onUnknown,
      };
      return observeMachine(await client.send(call, zMachine));
    } catch (error) {
      if (!(error instanceof ProviderError && error.kind === "conflict" && error.status === 409)) throw error;
      const holder = await holderOf(spec, error);
      if (holder === null) throw error;
      return adopt(holder, spec, error.message);
    }
  }

  async function createMachine(spec: MachineSpec): Promise<CreatedMachine> {
    let unsettled = false;
    const onUnknown = () => {
      unsettled = true;
    };
    try {
      return { ...(await createSomewhere(spec, onUnknown)), unsettled };
    } catch (error) {
      throw unsettled && error instanceof ProviderError ? error.withUnknownOutcome() : error;
    }
  }

  async function createSomewhere(spec: MachineSpec, onUnknown: () => void): Promise<ObservedMachine> {
    // A volume cannot leave its region, so with one only the first region is meant.
    const regions = spec.mount ? spec.regions.slice(0, 1) : spec.regions;
    let lastRefusal: ProviderError | null = null;
    for (const region of regions) {
      try {
        return await createIn(region, spec, onUnknown);
      } catch (error) {
        if (!(error instanceof ProviderError && error.kind === "capacity")) throw error;
        lastRefusal = error;
      }
    }
    throw lastRefusal ?? noRegion(machines);
  }

  return {
    listMachines,
    getMachine,
    createMachine,
    cordon: (id) => order(id, { method: "POST" }, "/cordon"),
    stop: (id, { timeoutMs }) =>
      order(id, { method: "POST", body: { signal: "SIGTERM", timeout: flyDuration(timeoutMs) } }, "/stop"),
    destroy: (id) => order(id, { method: "DELETE", query: "force=true" }),
  };
}
