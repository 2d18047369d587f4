import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { agentParamsSchema, type AgentParams } from "./params.js";

const rowSchema = z.object({
  role: z.enum(["user", "assistant"]),
  /** The real gateway keeps a user's text as it is and what the model said in parts. */
  content: z.union([z.string(), z.array(z.object({ type: z.literal("text"), text: z.string() }))]),
  timestamp: z.number(),
  /** `<run key>:user` on user rows; the gateway's own row after a restart has one too. */
  idempotencyKey: z.string().optional(),
  /** Only on rows that the gateway wrote itself. */
  provenance: z.object({ kind: z.literal("internal_system"), sourceTool: z.string() }).optional(),
  stopReason: z.string().optional(),
});
/** One row of a session as `chat.history` shows it. */
export type TranscriptRow = z.output<typeof rowSchema>;

/** A turn that has begun and not ended. */
export interface OpenTurn {
  sessionKey: string;
  params: AgentParams;
}

const fileSchema = z.object({
  rows: z.record(z.string(), z.array(rowSchema)),
  open: z.array(z.object({ sessionKey: z.string(), params: agentParamsSchema })),
});

/** The text of a row, however it is kept. */
export const rowText = ({ content }: TranscriptRow): string =>
  typeof content === "string" ? content : content.map((part) => part.text).join("");

/** The sessions on the gateway's disk: they survive a restart, unlike everything else. */
export class Transcripts {
  private readonly rows = new Map<string, TranscriptRow[]>();
  private open: OpenTurn[] = [];

  /** @param file where they are kept; absent: in memory, for a gateway that lives as long as its transcripts. */
  constructor(private readonly file?: string) {
    if (file === undefined || !existsSync(file)) return;
    const saved = fileSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    for (const [key, rows] of Object.entries(saved.rows)) this.rows.set(key, rows);
    this.open = saved.open;
  }

  of(sessionKey: string): readonly TranscriptRow[] {
    return this.rows.get(sessionKey) ?? [];
  }

  /** Begins a turn: from its user row on a crash leaves it open. */
  begin(sessionKey: string, params: AgentParams): void {
    this.open.push({ sessionKey, params });
    this.addUser(sessionKey, params.message, { idempotencyKey: `${params.idempotencyKey}:user` });
  }

  /** The gateway goes on with an open turn, under a key of its own. */
  resume(sessionKey: string, params: AgentParams, note: string): void {
    this.open.push({ sessionKey, params });
    this.addUser(sessionKey, note, {
      idempotencyKey: `${params.idempotencyKey}:user`,
      provenance: { kind: "internal_system", sourceTool: "main_session_restart_recovery" },
    });
  }

  end(runKey: string): void {
    this.open = this.open.filter(({ params }) => params.idempotencyKey !== runKey);
    this.save();
  }

  /** The turns that a crash cut off; asked once per start. */
  takeOpen(): OpenTurn[] {
    return this.open.splice(0);
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
    this.save();
  }

  private addUser(sessionKey: string, content: string, rest: Partial<TranscriptRow>): void {
    this.add(sessionKey, { role: "user", content, timestamp: Date.now(), ...rest });
  }

  private add(sessionKey: string, row: TranscriptRow): void {
    this.rows.set(sessionKey, [...this.of(sessionKey), row]);
    this.save();
  }

  private save(): void {
    if (this.file === undefined) return;
    mkdirSync(path.dirname(this.file), { recursive: true });
    writeFileSync(this.file, JSON.stringify({ rows: Object.fromEntries(this.rows), open: this.open }));
  }
}
