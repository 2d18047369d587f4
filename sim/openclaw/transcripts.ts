/** One row of a session as `chat.history` shows it. */
export interface TranscriptRow {
  role: "user" | "assistant";
  content: { type: "text"; text: string }[];
  timestamp: number;
  /** `<run key>:user` on user rows that came through `agent`. */
  idempotencyKey?: string;
  stopReason?: string;
}

/** The sessions on the gateway's disk: they survive a restart, unlike everything else. */
export class Transcripts {
  private readonly rows = new Map<string, TranscriptRow[]>();

  of(sessionKey: string): readonly TranscriptRow[] {
    return this.rows.get(sessionKey) ?? [];
  }

  addUser(sessionKey: string, text: string, runKey?: string): void {
    this.add(sessionKey, {
      role: "user",
      content: [{ type: "text", text }],
      timestamp: Date.now(),
      ...(runKey === undefined ? {} : { idempotencyKey: `${runKey}:user` }),
    });
  }

  addAssistant(sessionKey: string, text: string): void {
    this.add(sessionKey, {
      role: "assistant",
      content: [{ type: "text", text }],
      timestamp: Date.now(),
      stopReason: "stop",
    });
  }

  has(sessionKey: string, runKey: string): boolean {
    return this.of(sessionKey).some((row) => row.idempotencyKey === `${runKey}:user`);
  }

  reset(sessionKey: string): void {
    this.rows.delete(sessionKey);
  }

  private add(sessionKey: string, row: TranscriptRow): void {
    this.rows.set(sessionKey, [...this.of(sessionKey), row]);
  }
}
