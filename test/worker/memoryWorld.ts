/** Workers' memories on disks of their own, against a component over real sockets. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pino } from "pino";
import { systemClock } from "../../worker/src/clock.js";
import { Disk } from "../../worker/src/memory/disk.js";
import { Memory, type MemoryDeps } from "../../worker/src/memory/memory.js";
import type { SnapshotStorage } from "../../worker/src/memory/storage/storage.js";
import { createGatewayTransport } from "../../worker/src/gateway/gateway.js";
import { MemoryServer } from "./memoryServer.js";

export const notAborted = new AbortController().signal;

export class MemoryWorld {
  readonly logged: string[] = [];

  private constructor(
    readonly base: string,
    readonly server: MemoryServer,
  ) {}

  static async create(): Promise<MemoryWorld> {
    return new MemoryWorld(await mkdtemp(path.join(tmpdir(), "memory-")), await new MemoryServer().listen());
  }
  /** Throws when a URL was logged: it is a credential. */
  async close(): Promise<void> {
    await this.server.close();
    await rm(this.base, { recursive: true, force: true });
    if (/secret-upload-token|\/file\//.test(this.logged.join(""))) throw new Error("a URL was logged");
  }

  /** A worker's memory on the disk named `disk`, as after a start of the process. */
  async booted(
    disk: string,
    engine: MemoryDeps["engine"] = {},
    storage?: SnapshotStorage,
  ): Promise<{ memory: Memory; disk: Disk }> {
    const opened = new Disk({ root: path.join(this.base, disk), entries: null, machineFiles: [] });
    const transport = createGatewayTransport({
      baseUrl: this.server.origin,
      token: "t",
      workerId: "w1",
      stateful: true,
      timeoutMs: 5_000,
    });
    const memory = new Memory({
      transport,
      disk: opened,
      engine,
      storage,
      clock: { ...systemClock, sleep: () => Promise.resolve() },
      log: pino({ level: "info" }, { write: (line: string) => void this.logged.push(line) }),
      timeoutMs: 30_000,
      versions: { worker: "1", engine: "test" },
    });
    await memory.boot(undefined);
    return { memory, disk: opened };
  }
  /** What the component says of this worker from now on. */
  bind(conversationId: string, generation: number): void {
    this.server.binding = { conversationId, generation };
  }
  /** A turn of the engine that leaves `text` on the disk. */
  async turn(
    { memory }: { memory: Memory },
    disk: string,
    conversationId: string,
    text: string,
  ): Promise<void> {
    await memory.ensure({ conversationId, leaseId: "l" }, notAborted);
    await this.write(disk, "fact", text);
  }
  async write(disk: string, name: string, text: string): Promise<void> {
    await mkdir(path.dirname(path.join(this.base, disk, name)), { recursive: true });
    await writeFile(path.join(this.base, disk, name), text);
  }
  read(disk: string, name: string): Promise<string> {
    return readFile(path.join(this.base, disk, name), "utf8").catch(() => "absent");
  }
}
