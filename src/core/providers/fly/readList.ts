import type { z } from "zod";
import type { FlyClient } from "./flyClient.js";
import { ACTION_RATE } from "./pacer.js";
import { zList } from "./wire.js";

/** GET of a list whose items are parsed one by one; `complete` is false when one of them could not be read. */
export async function readList<Schema extends z.ZodType>(
  client: FlyClient,
  path: string,
  schema: Schema,
): Promise<{ items: z.output<Schema>[]; complete: boolean }> {
  const rate = { key: `GET ${path}`, limit: ACTION_RATE };
  const raw = await client.send({ method: "GET", path, rate, repeatable: true }, zList);
  const items: z.output<Schema>[] = [];
  for (const entry of raw) {
    const parsed = schema.safeParse(entry);
    if (parsed.success) items.push(parsed.data);
  }
  return { items, complete: items.length === raw.length };
}
