/** What one operation costs, measured without changing the state: the transaction is rolled back. */
import type { FunctionArgs, FunctionReference } from "convex/server";
import { z } from "zod";
import schema from "../src/component/schema.js";
import { recordFootprint } from "../test/conflicts/recorder.js";
import type { BenchWorld } from "./world.js";

export interface Cost {
  /** Documents read, a patch or delete counting its own; those on stale snapshots included. */
  documentsRead: number;
  /** Of these, read on a stale snapshot. */
  staleDocumentsRead: number;
  documentsWritten: number;
  bytesRead: number;
  bytesWritten: number;
  /** Gets and queries. */
  indexRanges: number;
  functionsScheduled: number;
}

type Reference =
  FunctionReference<"mutation", "public" | "internal"> | FunctionReference<"query", "public" | "internal">;

/** One call to measure. `check` says whether the call did what it is called after; a bench of a refused call means nothing. */
export interface Call {
  ref: Reference;
  kind: "mutation" | "query";
  args: Record<string, unknown>;
  check: (result: unknown) => boolean;
}

/** Binds reference and arguments, so that the arguments are checked against the function. */
export const mutationCall = <Ref extends FunctionReference<"mutation">>(
  ref: Ref,
  args: FunctionArgs<Ref>,
  check: (result: unknown) => boolean,
): Call => ({ ref, kind: "mutation", args, check });
export const queryCall = <Ref extends FunctionReference<"query">>(
  ref: Ref,
  args: FunctionArgs<Ref>,
  check: (result: unknown) => boolean,
): Call => ({ ref, kind: "query", args, check });

class RolledBack extends Error {}
const zUsed = z.object({ used: z.number() });
const zMetrics = z.object({
  documentsRead: zUsed,
  documentsWritten: zUsed,
  bytesRead: zUsed,
  bytesWritten: zUsed,
  databaseQueries: zUsed,
  functionsScheduled: zUsed,
});

/** Throws when the call fails or does not do what it is named after. */
export async function measure({ t }: BenchWorld, name: string, call: Call): Promise<Cost> {
  const run = async (read: (metrics: z.infer<typeof zMetrics>) => void) => {
    try {
      await t.mutation(async (ctx) => {
        const result: unknown =
          call.kind === "query"
            ? await ctx.runQuery(call.ref as FunctionReference<"query">, call.args)
            : await ctx.runMutation(call.ref as FunctionReference<"mutation">, call.args);
        if (!call.check(result)) throw new Error(`${name}: unexpected result ${JSON.stringify(result)}`);
        read(zMetrics.parse(await ctx.meta.getTransactionMetrics()));
        throw new RolledBack();
      });
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
    }
  };
  const metrics: z.infer<typeof zMetrics>[] = [];
  await run((measured) => metrics.push(measured));
  const [measured] = metrics;
  if (!measured) throw new Error(`${name}: nothing was measured`);
  // A second run, because recording reads documents of its own, which the platform's counters would include.
  const { footprint, error } = await recordFootprint(schema, () => run(() => undefined));
  if (error !== undefined) throw new Error(`${name}: recording failed`, { cause: error });
  return {
    documentsRead: measured.documentsRead.used,
    staleDocumentsRead: footprint.staleDocumentsRead,
    documentsWritten: measured.documentsWritten.used,
    bytesRead: measured.bytesRead.used,
    bytesWritten: measured.bytesWritten.used,
    indexRanges: measured.databaseQueries.used,
    functionsScheduled: measured.functionsScheduled.used,
  };
}
