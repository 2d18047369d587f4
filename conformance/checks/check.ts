import type { Rig } from "../rig.js";

/** Looks at the exchanges of a trial that is over, and judges the rows that they say something about. */
export type Check = (rig: Rig) => void;

/** Two calls that cross on the wire, or on a busy machine, are this close. */
export const crossingMs = 200;
