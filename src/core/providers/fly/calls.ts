/** What calls about the things of one app have in common. */
import type { z } from "zod";
import { isFailure, type ProviderError } from "../providerError.js";
import { noRegion } from "./failure.js";
import type { FlyCall, FlyClient } from "./flyClient.js";
import { GET_RATE } from "./pacer.js";
import { zAnything, zList } from "./wire.js";

/** GET of a list whose items are parsed one by one; `complete` is false when one of them could not be read. */
export async function readList<Schema extends z.ZodType>(
  client: FlyClient,
  path: string,
  schema: Schema,
): Promise<{ items: z.output<Schema>[]; complete: boolean }> {
  const raw = await client.send({ method: "GET", path }, zList);
  const items = raw.flatMap((entry) => schema.safeParse(entry).data ?? []);
  return { items, complete: items.length === raw.length };
}

/**
 * One thing, or null when the app answers that it has none such. A 404 also means "no such app" or a wrong base URL,
 * so it counts only once the app itself was read: otherwise a typing error would declare every machine gone.
 * @throws ProviderError `not_found` when the app is missing too.
 */
export async function readOrNull<Schema extends z.ZodType>(
  client: FlyClient,
  appPath: string,
  path: string,
  schema: Schema,
): Promise<z.output<Schema> | null> {
  try {
    return await client.send({ method: "GET", path, rate: GET_RATE }, schema);
  } catch (error) {
    if (!isFailure(error, "not_found")) throw error;
    await client.send({ method: "GET", path: appPath }, zAnything);
    return null;
  }
}

/** An order about one thing. 404 is fine: there is nothing to give it to. */
export async function order(client: FlyClient, call: FlyCall): Promise<void> {
  try {
    await client.send(call, zAnything);
  } catch (error) {
    if (!isFailure(error, "not_found")) throw error;
  }
}

/** What `createIn` makes in the first region that has room. */
export async function firstWithRoom<Made>(
  regions: readonly string[],
  path: string,
  createIn: (region: string) => Promise<Made>,
): Promise<Made> {
  let lastRefusal: ProviderError | null = null;
  for (const region of regions) {
    try {
      return await createIn(region);
    } catch (error) {
      if (!isFailure(error, "capacity")) throw error;
      lastRefusal = error;
    }
  }
  throw lastRefusal ?? noRegion(path);
}
