/**
 * One running worker a directory: two that said each other's last words would end each other's messages.
 *
 * A lock is the file `lock.<n>` with the highest number, and says whose it is; who takes it over from a process that is gone
 * makes the next number, which only one can, and is the holder if it then has the highest. That number never falls (the
 * file of a lock that was given back stays, empty), so nobody removes a lock that another has just taken.
 */
import { randomUUID } from "node:crypto";
import {
  constants,
  copyFileSync,
  linkSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { codeOf } from "../files/rawPath.js";

/** Takes the directory; the result gives it back. Throws an `Error` that names the process that holds it. */
export function lockDir(dir: string): () => void {
  const prepared = path.join(dir, `taking.${randomUUID()}`);
  writeFileSync(prepared, `${process.pid} ${startOf(process.pid)}`, { flag: "wx", mode: 0o600 });
  try {
    for (;;) {
      const newest = locksIn(dir).at(-1);
      if (newest !== undefined) refuseHeld(path.join(dir, newest.name));
      const number = (newest?.number ?? 0) + 1;
      const own = path.join(dir, nameOf(number));
      if (!created(prepared, own)) continue;
      const all = locksIn(dir);
      if (all.at(-1)?.number !== number) {
        rmSync(own, { force: true });
        continue;
      }
      for (const { name } of all.slice(0, -1)) rmSync(path.join(dir, name), { force: true });
      return () => giveBack(own);
    }
  } finally {
    rmSync(prepared, { force: true });
  }
}

function giveBack(own: string): void {
  try {
    truncateSync(own);
  } catch {
    // The directory is gone, or fails: the end of this process gives it back.
  }
}

const nameOf = (number: number): string => `lock.${number}`;

/** By number. A `lock` without one is that of an earlier version. */
function locksIn(dir: string): { name: string; number: number }[] {
  return readdirSync(dir)
    .flatMap((name) => {
      const [, number = name === "lock" ? "0" : undefined] = /^lock(?:\.(\d{1,15}))?$/.exec(name) ?? [];
      return number === undefined ? [] : [{ name, number: Number(number) }];
    })
    .sort((a, b) => a.number - b.number);
}

/** With its content in the same moment, or not at all: false when it is there already. */
function created(prepared: string, file: string): boolean {
  try {
    linkSync(prepared, file);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(codeOf(error) ?? "")) throw error;
  }
  // A file system without hard links.
  try {
    copyFileSync(prepared, file, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

function refuseHeld(file: string): void {
  const [pid = "", ...start] = readText(file).split(" ");
  // The number alone is not enough: in a container every worker is number 1 or so, the killed one as well.
  if (isRunning(Number(pid)) && startOf(Number(pid)) === start.join(" "))
    throw new Error(`it is in use by the running process ${pid}`);
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** When the process started, in ticks since boot (field 22 of Linux's `/proc/<pid>/stat`); empty where there is no such file. */
function startOf(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
