import type { Update } from "@grammyjs/types";

/** An update Telegram still owes the bot. */
export interface PendingUpdate {
  update: Update;
  /** Updates of one queue are delivered strictly one after the other. */
  queueKey: string;
  /** Epoch ms after which the update is thrown away. */
  expiresAt: number;
  attempts: number;
}

/** The updates of one bot, in order per queue; shared by webhook delivery and getUpdates. */
export class UpdateQueue {
  private readonly queues = new Map<string, PendingUpdate[]>();
  /** Called after an update was added. */
  onAdd: (pending: PendingUpdate) => void = () => undefined;

  add(pending: PendingUpdate): void {
    const queue = this.queues.get(pending.queueKey);
    if (queue) queue.push(pending);
    else this.queues.set(pending.queueKey, [pending]);
    this.onAdd(pending);
  }

  /** Oldest update of a queue. */
  head(queueKey: string): PendingUpdate | undefined {
    return this.queues.get(queueKey)?.[0];
  }

  keys(): string[] {
    return [...this.queues.keys()];
  }

  remove(pending: PendingUpdate): void {
    const queue = this.queues.get(pending.queueKey) ?? [];
    const index = queue.indexOf(pending);
    if (index >= 0) queue.splice(index, 1);
    if (queue.length === 0) this.queues.delete(pending.queueKey);
  }

  /** All updates, oldest id first. */
  all(): PendingUpdate[] {
    return [...this.queues.values()].flat().sort((a, b) => a.update.update_id - b.update.update_id);
  }

  get size(): number {
    let size = 0;
    for (const queue of this.queues.values()) size += queue.length;
    return size;
  }

  clear(): void {
    this.queues.clear();
  }
}
