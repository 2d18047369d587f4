import { AsyncLocalStorage } from "node:async_hooks";

/** The user in whose name a call from outside runs, as JSON. Only functions of the app itself see it, as with Convex. */
const caller = new AsyncLocalStorage<string | null>();

export const runAs = <Result>(identity: string | null, work: () => Result): Result =>
  caller.run(identity, work);
export const callerIdentity = (): string | null => caller.getStore() ?? null;
