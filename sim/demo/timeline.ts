/** Where the demo tells what happens. */
export interface Terminal {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
}

/** Without a terminal, progress is a line of its own this often. */
const PLAIN_PROGRESS_MS = 2_000;
const BAR_WIDTH = 24;

/** The live view: one line per event, and the progress below (on a terminal) or now and then in between. */
export class Timeline {
  private readonly startedAt = Date.now();
  private lastPlainAt = 0;
  private progressText = "";

  constructor(private readonly terminal: Terminal) {}

  /** One line, with the time since the start. */
  event(text: string): void {
    const line = `${this.elapsed()}  ${text}\n`;
    if (!this.terminal.isTTY) return void this.terminal.write(line);
    this.terminal.write(`\r\x1b[2K${line}${this.progressText}`);
  }

  progress(sent: number, answered: number, total: number): void {
    const filled = Math.round((answered / total) * BAR_WIDTH);
    this.progressText = `${this.elapsed()}  [${"#".repeat(filled)}${".".repeat(BAR_WIDTH - filled)}] ${answered}/${total} answered, ${sent} sent`;
    if (this.terminal.isTTY) return void this.terminal.write(`\r\x1b[2K${this.progressText}`);
    if (Date.now() - this.lastPlainAt < PLAIN_PROGRESS_MS) return;
    this.lastPlainAt = Date.now();
    this.terminal.write(`${this.progressText}\n`);
  }

  /** No more progress: what follows stands on lines of its own. */
  end(): void {
    if (this.terminal.isTTY && this.progressText !== "") this.terminal.write("\n");
    this.progressText = "";
  }

  private elapsed(): string {
    return `${((Date.now() - this.startedAt) / 1000).toFixed(1).padStart(6)}s`;
  }
}

/** Two columns, aligned, with a rule above and below. */
export function formatTable(rows: readonly (readonly [string, string])[]): string {
  const left = Math.max(...rows.map(([name]) => name.length));
  const right = Math.max(...rows.map(([, value]) => value.length));
  const rule = `+${"-".repeat(left + 2)}+${"-".repeat(right + 2)}+\n`;
  const lines = rows.map(([name, value]) => `| ${name.padEnd(left)} | ${value.padStart(right)} |\n`);
  return `${rule}${lines.join("")}${rule}`;
}
