/** Volume calls of the Fly adapter. */
import type { MachineProvider, ObservedVolume, VolumeSpec } from "../provider.js";
import { ProviderError } from "../providerError.js";
import { volumeBody } from "./createBodies.js";
import { noRegion } from "./failure.js";
import type { FlyClient } from "./flyClient.js";
import { observeVolume, zAnything, zVolume } from "./wire.js";
import { orNull } from "./orNull.js";
import { ACTION_RATE, GET_RATE } from "./pacer.js";
import { readList } from "./readList.js";

type VolumeCalls = Pick<MachineProvider, "listVolumes" | "getVolume" | "createVolume" | "deleteVolume">;

export function volumeCalls(client: FlyClient, appPath: string): VolumeCalls {
  const volumes = `${appPath}/volumes`;
  const volumePath = (id: string) => `${volumes}/${encodeURIComponent(id)}`;

  const listVolumes: VolumeCalls["listVolumes"] = async () => {
    const { items, complete } = await readList(client, volumes, zVolume);
    return { volumes: items.map(observeVolume).filter(({ state }) => state !== "gone"), complete };
  };

  const getVolume = (id: string) =>
    orNull(client, appPath, async () => {
      const path = volumePath(id);
      const rate = { key: `get ${path}`, limit: GET_RATE };
      return observeVolume(await client.send({ method: "GET", path, rate, repeatable: true }, zVolume));
    });

  async function createVolume(spec: VolumeSpec): Promise<ObservedVolume> {
    if (spec.regions.length === 0) throw noRegion(volumes);
    const existing = preferred((await listVolumes()).volumes, spec);
    if (existing) return existing;
    let lastRefusal: ProviderError | null = null;
    for (const region of spec.regions) {
      try {
        const rate = { key: `POST ${volumes}`, limit: ACTION_RATE };
        const body = volumeBody(spec, region);
        // Not repeatable: Fly makes a second volume of the same name without a word.
        return observeVolume(
          await client.send({ method: "POST", path: volumes, body, rate, repeatable: false }, zVolume),
        );
      } catch (error) {
        if (!(error instanceof ProviderError && error.kind === "capacity")) throw error;
        lastRefusal = error;
      }
    }
    throw lastRefusal ?? noRegion(volumes);
  }

  async function deleteVolume(id: string): Promise<void> {
    const path = volumePath(id);
    const rate = { key: `DELETE ${path}`, limit: ACTION_RATE };
    try {
      await client.send({ method: "DELETE", path, rate, repeatable: true }, zAnything);
    } catch (error) {
      if (!(error instanceof ProviderError && error.kind === "not_found")) throw error;
    }
  }

  return { listVolumes, getVolume, createVolume, deleteVolume };
}

/** The volume that an earlier attempt made: the one in use before a free one, then the oldest. */
function preferred(volumes: ObservedVolume[], spec: VolumeSpec): ObservedVolume | undefined {
  return volumes
    .filter(
      ({ name, region, state }) =>
        name === spec.name && spec.regions.includes(region) && (state === "ready" || state === "creating"),
    )
    .sort(
      (a, b) =>
        Number(b.attachedMachineId !== null) - Number(a.attachedMachineId !== null) ||
        a.createdAt - b.createdAt ||
        (a.id < b.id ? -1 : 1),
    )[0];
}
