/** What the component and its routes may cost. Counts and bytes, which are the same on every machine; a limit is the most allowed. */
export const limits = {
  /** The import closure of the component's public functions. */
  lib: { modules: 8, bytes: 250_000, evalRatio: 2 },
  /** The import closure of the webhook's and the gateway's route. */
  route: { modules: 8, bytes: 150_000, evalRatio: 2 },
  /** Nested calls on the usual path, all levels together. Claiming needs one: discovery on a stale snapshot. */
  nested: {
    enqueue: 0,
    ingestTelegramUpdate: 0,
    claim: 1,
    getHydrationBundle: 0,
    heartbeat: 0,
    renewLease: 0,
    settle: 1,
    complete: 0,
    fail: 0,
  } as Readonly<Record<string, number>>,
  /** What a minute of an idle deployment costs: at most twice a bare function. */
  cron: { modules: 8, nested: 1 },
  /** Calls into the component that one request makes: exactly as many, authorisation included. */
  request: { webhook: 1, gateway: 1 },
} as const;

/**
 * `evalRatio` is a time, and another machine's may differ: between runs at a load of 1 and of 15 on two cores light closures differed by
 * 4 %, heavy ones by 10 %, while zod alone adds 7 and temporal-polyfill 1. It counts as exceeded from this multiple of its limit.
 */
export const EVAL_TOLERANCE = 1.5;
