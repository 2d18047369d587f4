/** An append-only list that tests and demos can wait on. */
export class Journal<Entry> {
  private readonly entries: Entry[] = [];
  private readonly waiters = new Set<() => void>();
  private readonly rejecters = new Set<(error: Error) => void>();

  /** @param name names the list in the timeout error. */
  constructor(private readonly name: string) {}

  append(entry: Entry): Entry {
    this.entries.push(entry);
    this.changed();
    return entry;
  }

  /** Tells waiters to look again after an entry was changed in place. */
  changed(): void {
    for (const look of [...this.waiters]) look();
  }

  all(): Entry[] {
    return [...this.entries];
  }

  /** Rejects everybody still waiting, so that no timer outlives the server. */
  close(): void {
    for (const reject of [...this.rejecters]) reject(new Error(`${this.name}: the simulator was closed`));
  }

  /**
   * Resolves with a copy of the list once it has `until` entries or the predicate holds.
   * @throws Error after `timeoutMs`, naming how far the list got.
   */
  waitFor(until: number | ((entries: Entry[]) => boolean), timeoutMs: number): Promise<Entry[]> {
    const done = () => (typeof until === "number" ? this.entries.length >= until : until(this.all()));
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.waiters.delete(look);
        this.rejecters.delete(fail);
      };
      const fail = (error: Error) => {
        settle();
        reject(error);
      };
      const timer = setTimeout(() => {
        fail(new Error(`${this.name}: not met within ${timeoutMs} ms, ${this.entries.length} so far`));
      }, timeoutMs);
      const look = () => {
        try {
          if (!done()) return;
        } catch (error) {
          return fail(error instanceof Error ? error : new Error(String(error)));
        }
        settle();
        resolve(this.all());
      };
      this.waiters.add(look);
      this.rejecters.add(fail);
      look();
    });
  }
}
