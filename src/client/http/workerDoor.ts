/** What the worker routes share: forwarding a checked call, and turning what it throws into a code and a status. */
import type { FunctionReference, GenericActionCtx, GenericDataModel } from "convex/server";
import type { ComponentApi } from "../../component/_generated/component.js";
import { errorDataOf } from "../../contract/errors.js";
import { countsAsRefusal, type WorkerCall } from "../../contract/gateway.js";
import { printable, redactSecrets } from "../../policy/text/redactSecrets.js";
import { refused, type Refused } from "./replies.js";
import { pressureRefusal, repeated } from "./repeated.js";

export type Ctx = GenericActionCtx<GenericDataModel>;
type Args = Record<string, unknown>;

export type Outcome = { ok: true; value: unknown } | { ok: false; refused: Refused };

/**
 * Forwards a call whose arguments were compared with its row, as the worker whose credential is given. One call into the
 * component, authorisation included. Only a refused credential needs a second one, to be counted: the refusal has thrown, which
 * undoes whatever its transaction wrote, and a good call shall not pay for a table that it has nothing to do with.
 */
export async function forwardCall(
  ctx: Ctx,
  component: ComponentApi,
  call: WorkerCall,
  args: Args,
  door: "gateway" | "alias",
): Promise<Outcome> {
  const reference: unknown = (component.lib as Record<string, unknown>)[call.fn];
  try {
    // The arguments fit the row that the function was made of; a generic call cannot express that in types.
    const value = await repeated(`worker gateway: ${call.fn}`, () =>
      call.kind === "query"
        ? ctx.runQuery(reference as FunctionReference<"query", "internal", Args, unknown>, args)
        : ctx.runMutation(reference as FunctionReference<"mutation", "internal", Args, unknown>, args),
    );
    return { ok: true, value };
  } catch (error) {
    const pressure = pressureRefusal(error);
    if (pressure !== null) {
      console.error(`worker gateway: ${call.fn}: ${pressure.code}, given up`);
      return { ok: false, refused: pressure };
    }
    const data = errorDataOf(error);
    if (data === null) {
      console.error("worker gateway: unexpected error", printable(error));
      return { ok: false, refused: refused("internal", "Internal error") };
    }
    const known = refused(data.code, data.message);
    // What is ours to mend is for our log; its text may name the deployment's set-up.
    if (known.status >= 500) console.error(`worker gateway: ${data.code}: ${redactSecrets(data.message)}`);
    const tokenId = typeof data.tokenId === "string" ? data.tokenId : undefined;
    return { ok: false, refused: await limited(ctx, component, door, known, tokenId) };
  }
}

/** Counts a refusal of a credential; beyond the limit of its minute the answer is 429. Everything else passes as it is. */
export async function limited(
  ctx: Ctx,
  component: ComponentApi,
  door: "gateway" | "alias",
  known: Refused,
  tokenId?: string,
): Promise<Refused> {
  if (!countsAsRefusal(known.status)) return known;
  let noted: { limited: boolean; retryAfterMs: number };
  try {
    noted = await ctx.runMutation(component.lib.noteWorkerRefusal, { door, code: known.code, tokenId });
  } catch (error) {
    // A flood may outrun its own counter: the refusal stands, uncounted.
    console.error("worker gateway: a refusal was not counted", printable(error));
    return known;
  }
  if (!noted.limited) return known;
  return {
    ...refused("rate_limited", `Too many refused calls (${known.code}); try again later`),
    retryAfter: Math.ceil(noted.retryAfterMs / 1000),
  };
}
