/** Takes a directory's lock again and again, from a stale state each time; fails when another has it at the same time. */
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { lockDir } from "../../worker/src/store/dirLock.js";

const [, , dir = ""] = process.argv;
const held = path.join(dir, "held");
const until = Date.now() + 1_500;
let taken = 0;
while (Date.now() < until) {
  let unlock: () => void;
  try {
    unlock = lockDir(dir);
  } catch (error) {
    if (error instanceof Error && error.message.includes("in use")) continue;
    throw error;
  }
  // Throws when it is there.
  writeFileSync(held, "", { flag: "wx" });
  taken += 1;
  const busyUntil = Date.now() + 2;
  while (Date.now() < busyUntil) readdirSync(dir);
  rmSync(held);
  unlock();
  // Of a process that is gone: what others find is stale at once.
}
console.log(taken);
