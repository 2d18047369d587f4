/** What the actors of one schedule share. */
import type { Interleaving } from "../../sim/engine/index.js";
import type { Random } from "../simulation/random.js";
import type { Clock } from "../../worker/src/clock.js";
import type { Caller } from "./caller.js";
import type { Plan } from "./plan.js";
import type { Watch } from "./watch.js";

/** What happened, so that a schedule in which nothing goes wrong is seen to prove nothing. */
export interface Tally {
  enqueues: number;
  claims: number;
  failures: number;
  crashes: number;
  zombies: number;
  repeats: number;
  redrives: number;
}

export interface Stage {
  plan: Plan;
  time: Interleaving;
  random: Random;
  clock: Clock;
  caller: Caller;
  watch: Watch;
  tally: Tally;
  /** Aborted when everything is worked off. */
  stop: AbortController;
  /** Tells a worker how often it was rung, at once and after each change. */
  subscribe(worker: string, heard: (seq: number) => void): void;
}
