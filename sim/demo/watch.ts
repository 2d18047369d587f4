import { setTimeout as sleep } from "node:timers/promises";
import type { TelegramServer } from "../telegram/index.js";
import type { Cloud } from "./cloud.js";
import type { Seen } from "./judge.js";
import type { Notes } from "./notes.js";
import type { Timeline } from "./timeline.js";
import { messageNamedIn } from "./traffic.js";

const LOOK_EVERY_MS = 40;

/** Looks at what the users and the cloud see, tells it, and waits for what the demo waits for. */
export class Watch {
  private told: number;
  private readonly skipped: number;
  private readonly names = new Map<string, string>();
  private readonly gone = new Set<string>();
  /** When something was last seen to happen. */
  private changedAt = Date.now();
  /** Epoch ms of the newest answer. */
  answeredAt = Date.now();

  constructor(
    private readonly parts: { telegram: TelegramServer; cloud: Cloud; notes: Notes; timeline: Timeline },
    private readonly signal: AbortSignal,
  ) {
    // What the bot said before is no answer to a message.
    this.told = this.skipped = parts.telegram.outbox().length;
  }

  /** Everything the users saw since the start of the watch. */
  seen(): Seen[] {
    return this.parts.telegram
      .outbox()
      .slice(this.skipped)
      .map(({ chatId, text, at }) => ({ chatId, text, at }));
  }

  /** A short name for a worker, by the order of appearance. */
  nameOf(worker: string): string {
    const name = this.names.get(worker) ?? `m${this.names.size + 1}`;
    this.names.set(worker, name);
    return name;
  }

  /** Waits until it is so, however long, as long as anything happens. `meanwhile` runs after each look. */
  async until(
    met: () => boolean,
    stalledMs: number,
    meanwhile: () => void = () => undefined,
  ): Promise<boolean> {
    this.changedAt = Date.now();
    for (;;) {
      this.signal.throwIfAborted();
      this.look();
      meanwhile();
      if (met()) return true;
      if (Date.now() - this.changedAt > stalledMs) return false;
      await sleep(LOOK_EVERY_MS, undefined, { signal: this.signal });
    }
  }

  private look(): void {
    const { telegram, cloud, notes, timeline } = this.parts;
    const outbox = telegram.outbox();
    for (const { text } of outbox.slice(this.told)) {
      const named = messageNamedIn(text);
      timeline.event(
        named
          ? `answered conversation ${named.conversation}, message ${named.sequence}`
          : `answered "${text}"`,
      );
    }
    if (outbox.length > this.told) this.answeredAt = this.changedAt = Date.now();
    this.told = outbox.length;
    notes.look(cloud.fly.volumes());
    for (const { id, name, destroyedAt } of cloud.fly.machines()) {
      if (destroyedAt === null || this.gone.has(id)) continue;
      this.gone.add(id);
      this.changedAt = Date.now();
      const { machinesNow, volumesNow } = cloud.fly.counts();
      timeline.event(
        `machine ${this.nameOf(name)} is gone; left: ${machinesNow} machines, ${volumesNow} volumes`,
      );
    }
  }
}
