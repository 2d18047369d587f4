/** Root may do everything, so what permissions forbid shows only to another user: the published image runs as one. */
import { chownSync } from "node:fs";
import { afterEach, beforeEach } from "vitest";

/** `nobody` on Linux. */
const uid = 65_534;

/** Where the tests run as root, each test of the block runs as an ordinary user, who owns the directory. */
export function asOrdinaryUser(directory: () => string): void {
  beforeEach(() => {
    if (process.getuid?.() !== 0) return;
    chownSync(directory(), uid, uid);
    process.setegid?.(uid);
    process.seteuid?.(uid);
  });
  afterEach(() => {
    if (process.getuid?.() !== 0) return;
    process.seteuid?.(0);
    process.setegid?.(0);
  });
}
