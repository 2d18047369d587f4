import { ProviderError } from "../providerError.js";
import type { FlyClient } from "./flyClient.js";
import { ACTION_RATE } from "./pacer.js";
import { zAnything } from "./wire.js";

/**
 * `read`, or null when the app answers that it has no such thing. A 404 also means "no such app" or a wrong base URL,
 * so it counts only once the app itself was read: otherwise a typing error would declare every machine gone.
 * @throws ProviderError `not_found` when the app is missing too.
 */
export async function orNull<Found>(
  client: FlyClient,
  appPath: string,
  read: () => Promise<Found>,
): Promise<Found | null> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ProviderError && error.kind === "not_found")) throw error;
    const rate = { key: `GET ${appPath}`, limit: ACTION_RATE };
    await client.send({ method: "GET", path: appPath, rate, repeatable: true }, zAnything);
    return null;
  }
}
