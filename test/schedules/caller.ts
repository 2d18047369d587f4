/** Calls as hosts and workers make them: what met conflicts to the end is counted and asked again. */
import type { Value } from "convex/values";
import { WriteConflict, type Engine, type Interleaving } from "../../sim/engine/index.js";
import type { Random } from "../simulation/random.js";
import { COMPONENT } from "./mirror.js";

export class Caller {
  /** Conflict errors that reached a caller, by function. */
  readonly errors = new Map<string, number>();

  constructor(
    private readonly engine: Engine,
    private readonly time: Interleaving,
    private readonly random: Random,
  ) {}

  async call<Result>(name: string, args: Record<string, Value>): Promise<Result> {
    for (;;) {
      try {
        return (await this.engine.call({ componentPath: COMPONENT, udfPath: name }, args)) as Result;
      } catch (error) {
        if (!(error instanceof WriteConflict)) throw error;
        this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
        await this.time.sleep(this.random.between(20, 200));
      }
    }
  }

  lib<Result>(name: string, args: Record<string, Value>): Promise<Result> {
    return this.call(`lib:${name}`, args);
  }
}
