/** What the actors of one schedule share. */
import type { Engine } from "../../sim/engine/index.js";
import type { Clock } from "../../worker/src/clock.js";
import type { Caller } from "../schedules/caller.js";
import type { Random } from "../simulation/random.js";
import type { Agent } from "./agent.js";
import type { Cloud } from "./cloud.js";
import type { VolumeDisk } from "./disk.js";
import type { Plan } from "./plan.js";
import type { FleetTime } from "./time.js";
import type { Watch } from "./watch.js";

/** What happened, so that a schedule in which nothing goes wrong is seen to prove nothing. */
export interface Tally {
  sent: number;
  answers: number;
  machines: number;
  crashes: number;
  deaths: number;
  losses: number;
  saves: number;
  lateEffects: number;
  keptVolumes: number;
  redrives: number;
  explained: number;
}

export interface Stage {
  plan: Plan;
  time: FleetTime;
  random: Random;
  clock: Clock;
  engine: Engine;
  caller: Caller;
  watch: Watch;
  cloud: Cloud;
  /** By machine id. */
  agents: Map<string, Agent>;
  /** By volume id. */
  disks: Map<string, VolumeDisk>;
  tally: Tally;
  /** Aborted when the schedule is over. */
  stop: AbortController;
}
