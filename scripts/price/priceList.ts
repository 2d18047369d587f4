/**
 * What a real backend charges, in ms (p50 of 25 calls one after the other). Measured on 2026-11-30 on a self-hosted Convex
 * backend (open source, state of 2026-08-21, SQLite, 2 cores, other work on the machine) with `convex` 1.48. A hosted deployment
 * is several times faster in absolute terms; the ratios are what counts.
 */
export const priceList = {
  /** A bare mutation of a component, called directly or through a mutation of the app. */
  componentCall: 15,
  /** A bare HTTP action. */
  httpAction: 14,
  /** Each call of an HTTP action into a component: one with a component mutation took 27. */
  callFromHttp: 13,
  /** Each nested `ctx.runQuery` or `ctx.runMutation`, on a stale snapshot or not: one made 15 into 24–28, three into 52. */
  nestedCall: 12,
  /** Each module in the import closure beyond a bare function's: 25 small ones made 15 into 26, 100 into 48. */
  module: 0.35,
  /**
   * Evaluating the closure, per time that a bare function's takes. zod (evaluated in 8 such times) made 15 into 19,
   * temporal-polyfill (2) into 16; this component as one file of 1 MB (22) took 37–40 for calls without a nested one.
   * Compiling does not show in these figures (zod would have cost more than this component), so it is not charged.
   */
  evaluation: 1,
} as const;

/** What the price of loading a function's modules depends on. */
export type Load = { readonly modules: number; readonly evalRatio: number };

/** A call as it was observed, with the calls that it makes itself. */
export type PricedCall = { readonly load: Load; readonly nested: readonly PricedCall[] };

/** ms that loading takes beyond a bare function's. `bare` is what a bare function loads. */
function loadingCost({ modules, evalRatio }: Load, bare: Load): number {
  return (
    priceList.module * (modules - bare.modules) +
    priceList.evaluation * Math.max(0, evalRatio - bare.evalRatio)
  );
}

/** ms of a call of a component function that starts at `base`; every nested call loads its own modules again. */
export function callCost(base: number, { load, nested }: PricedCall, bare: Load): number {
  return nested.reduce(
    (sum, call) => sum + callCost(priceList.nestedCall, call, bare),
    base + loadingCost(load, bare),
  );
}

/** ms of an HTTP request: its action, then one call into a component after the other. */
export const requestCost = ({ load, nested }: PricedCall, bare: Load): number =>
  nested.reduce(
    (sum, call) => sum + callCost(priceList.callFromHttp, call, bare),
    priceList.httpAction + loadingCost(load, bare),
  );
