/** Workers by their last sign of life, when there may be more than one transaction can look at. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

/**
 * Signs of life that still count, `most` of them: one half the freshest, because workers that wait for work have just asked for it
 * and stuck ones have not; the others from a place on that `random` (0..1) chooses, so that no number of them hides one for long.
 */
export async function* living(
  ctx: Pick<QueryCtx, "db">,
  { now, random, most }: { now: number; random: number; most: number },
): AsyncGenerator<Doc<"beats">> {
  const within = (from: number, upTo: number) =>
    ctx.db.query("beats").withIndex("by_alive", (q) => q.gt("aliveUntil", from).lte("aliveUntil", upTo));
  const seen = new Set<string>();
  const freshest = Math.ceil(most / 2);
  let newest = now;
  for await (const beat of within(now, Infinity).order("desc")) {
    if (seen.size === freshest) break;
    seen.add(beat._id);
    newest = beat.aliveUntil;
    yield beat;
  }
  if (seen.size < freshest) return;
  const oldest = (await within(now, newest).first())?.aliveUntil ?? newest;
  const start = oldest + random * (newest - oldest);
  for (const range of [within(now, start), within(start, newest)])
    for await (const beat of range.order("desc")) {
      if (seen.has(beat._id)) continue;
      if (seen.size === most) return;
      seen.add(beat._id);
      yield beat;
    }
}
