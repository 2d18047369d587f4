/** The provider's listing in the form in which it crosses from the action that made it into the pass. */
import { v, type Infer } from "convex/values";
import {
  vSeen,
  type FleetView,
  type MachineView,
  type Observation,
  type Seen,
} from "../../policy/fleet/types.js";
import type { MachineSettings, ObservedMachine, ObservedVolume } from "../providers/provider.js";

/** The metadata that make a machine ours: another deployment in the same app has another value. */
export const DEPLOYMENT_TAG = "agent_factory_deployment";
export const WORKER_TAG = "agent_factory_worker";

export const vListing = v.object({
  /** When the provider was asked. */
  begunAt: v.number(),
  complete: v.boolean(),
  machines: v.array(
    v.object({
      id: v.string(),
      name: v.string(),
      seen: vSeen,
      ours: v.boolean(),
      region: v.string(),
      volumeId: v.optional(v.string()),
    }),
  ),
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
  begunAt: number,
): Listing {
  return {
    begunAt,
    complete,
    machines: machines
      // Without metadata (host unreachable) only a row that knows the id may claim the machine.
      .filter(({ metadata }) => metadata === null || metadata[DEPLOYMENT_TAG] === deployment)
      .map(({ id, name, state, metadata, region, volumeIds: [volumeId] }) => ({
        id,
        name,
        seen: state,
        ours: metadata !== null,
        region,
        ...(volumeId === undefined ? {} : { volumeId }),
      })),
  };
}

export const volumeListingOf = (volumes: ObservedVolume[]): VolumeListing =>
  volumes
    .filter(({ state }) => state !== "deleting" && state !== "gone")
    .map(({ id, name, attachedMachineId }) => ({ id, name, attachedMachineId }));

/** What the provider answered when it was asked for single machines, by worker; `unknown`: no answer. */
export type Answers = ReadonlyMap<string, Seen>;

/** What the list of the configured app says of each machine; null: nothing. */
export function listed(
  listing: Listing,
  config: Pick<MachineSettings, "appName">,
): (machine: Pick<MachineView, "worker" | "appName">) => Seen | null {
  const byName = new Map(listing.machines.map(({ name, seen }) => [name, seen]));
  return ({ worker, appName }) => (appName === config.appName ? (byName.get(worker) ?? null) : null);
}

/** Lays what the provider says over what the rows say. */
export function withListing(
  observation: Observation,
  config: Pick<MachineSettings, "appName" | "image">,
  listing: Listing | null,
  answers: Answers,
): FleetView {
  const { image } = config;
  if (!listing) return { ...observation, image };
  const seenIn = listed(listing, config);
  const see = (machine: MachineView): MachineView => {
    // One that is not known to be there cannot be missing.
    if (machine.step === "launching") return machine;
    const shown = seenIn(machine);
    const answer = answers.get(machine.worker);
    if (shown !== null) return { ...machine, seen: answer ?? shown, missed: 0 };
    const lacking = (listing.complete && machine.appName === config.appName) || answer === "missing";
    return { ...machine, seen: answer ?? "unlisted", missed: machine.missed + (lacking ? 1 : 0) };
  };
  return { ...observation, image, machines: observation.machines.map(see) };
}
