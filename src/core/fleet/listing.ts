/** The provider's listing in the form in which it crosses from the action that made it into the pass. */
import { v, type Infer } from "convex/values";
import { vSeen, type FleetView, type MachineView, type Observation } from "../../policy/fleet/types.js";
import type { ObservedMachine, ObservedVolume } from "../providers/provider.js";

/** The metadata that make a machine ours: another deployment in the same app has another value. */
export const DEPLOYMENT_TAG = "agent_factory_deployment";
export const WORKER_TAG = "agent_factory_worker";

export const vListing = v.object({
  complete: v.boolean(),
  machines: v.array(v.object({ id: v.string(), name: v.string(), seen: vSeen, ours: v.boolean() })),
});
export type Listing = Infer<typeof vListing>;

export const vVolumeListing = v.array(
  v.object({ id: v.string(), name: v.string(), attachedMachineId: v.union(v.string(), v.null()) }),
);
export type VolumeListing = Infer<typeof vVolumeListing>;

/** Foreign machines are left out: they are nobody's business here. */
export function listingOf(
  { machines, complete }: { machines: ObservedMachine[]; complete: boolean },
  deployment: string,
): Listing {
  return {
    complete,
    machines: machines
      // Without metadata (host unreachable) only a row that knows the id may claim the machine.
      .filter(({ metadata }) => metadata === null || metadata[DEPLOYMENT_TAG] === deployment)
      .map(({ id, name, state, metadata }) => ({ id, name, seen: state, ours: metadata !== null })),
  };
}

export const volumeListingOf = (volumes: ObservedVolume[]): VolumeListing =>
  volumes
    .filter(({ state }) => state !== "deleting" && state !== "gone")
    .map(({ id, name, attachedMachineId }) => ({ id, name, attachedMachineId }));

/** Lays what the provider says over what the rows say. Machines that are not yet created cannot be missing. */
export function withListing(observation: Observation, image: string, listing: Listing | null): FleetView {
  if (!listing) return { ...observation, image };
  const byName = new Map(listing.machines.map((machine) => [machine.name, machine]));
  const see = (machine: MachineView): MachineView => {
    if (machine.step === "launching") return machine;
    const shown = byName.get(machine.worker);
    if (shown) return { ...machine, seen: shown.seen, missed: 0 };
    return listing.complete ? { ...machine, seen: "missing", missed: machine.missed + 1 } : machine;
  };
  return { ...observation, image, machines: observation.machines.map(see) };
}
