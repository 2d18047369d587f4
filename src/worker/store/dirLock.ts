/** One running worker a directory: two that said each other's last words would end each other's messages. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const fileName = "lock";

/** Takes the directory; the result gives it back. Throws an `Error` that names the process that holds it. */
export function lockDir(dir: string): () => void {
  const file = path.join(dir, fileName);
  const own = `${process.pid} ${startOf(process.pid)}`;
  for (let tries = 1; ; tries += 1) {
    try {
      writeFileSync(file, own, { flag: "wx", mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const [pid = "", ...start] = readText(file).split(" ");
    // The number alone is not enough: in a container every worker is number 1 or so, the killed one as well.
    if (isRunning(Number(pid)) && startOf(Number(pid)) === start.join(" "))
      throw new Error(`it is in use by the running process ${pid}`);
    if (tries > 3) throw new Error("others keep taking it");
    rmSync(file, { force: true });
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
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
