/** Volume calls of the Fly adapter. */
import type { MachineProvider, ObservedVolume, VolumeSpec } from "../provider.js";
import { firstWithRoom, order, readList, readOrNull } from "./calls.js";
import { volumeBody } from "./createBodies.js";
import { noRegion } from "./failure.js";
import type { FlyClient } from "./flyClient.js";
import { observeVolume, zVolume } from "./wire.js";

type VolumeCalls = Pick<MachineProvider, "listVolumes" | "getVolume" | "createVolume" | "deleteVolume">;

export function volumeCalls(client: FlyClient, appPath: string): VolumeCalls {
  const path = `${appPath}/volumes`;
  const volumePath = (id: string) => `${path}/${encodeURIComponent(id)}`;

  const listVolumes: VolumeCalls["listVolumes"] = async () => {
    const { items, complete } = await readList(client, path, zVolume);
    return { volumes: items.map(observeVolume).filter(({ state }) => state !== "gone"), complete };
  };

  return {
    listVolumes,
    async getVolume(id) {
      const volume = await readOrNull(client, appPath, volumePath(id), zVolume);
      return volume && observeVolume(volume);
    },
    async createVolume(spec) {
      if (spec.regions.length === 0) throw noRegion(path);
      const existing = preferred((await listVolumes()).volumes, spec);
      if (existing) return existing;
      return await firstWithRoom(spec.regions, path, async (region) => {
        const body = volumeBody(spec, region);
        // Not repeatable: Fly makes a second volume of the same name without a word.
        return observeVolume(await client.send({ method: "POST", path, body, repeatable: false }, zVolume));
      });
    },
    deleteVolume: (id) => order(client, { method: "DELETE", path: volumePath(id) }),
  };
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
