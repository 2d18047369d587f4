/** All planted faults, by what the rules that find them are about. */
import { ANSWERS } from "./answers.js";
import { LIVES } from "./lives.js";
import { LOOKS } from "./looks.js";
import { ROWS } from "./rows.js";
import { STALE } from "./stale.js";
import { TURNS } from "./turns.js";

export type { Mutant } from "./mutant.js";

export const MUTANTS = [...ROWS, ...STALE, ...TURNS, ...ANSWERS, ...LOOKS, ...LIVES];
