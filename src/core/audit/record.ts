/** One line in the audit log, in the transaction of the act itself: an act that is rolled back leaves none. */
import type { AuditKind } from "../../contract/audit.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { cutText } from "../../policy/text/cut.js";

/** Longest texts in a line, in characters: names are far shorter, and 500 lines must fit into one export. */
const MAX_TEXT_CHARS = 1_000;
const MAX_FACT_CHARS = 250;
const MAX_DETAILS = 16;

export interface Act {
  kind: AuditKind;
  /** `host`, `worker:<id>`, `user:<id>`, `operator`, `component`. */
  actor: string;
  subject: string;
  /** Facts for the reader; never a secret's value. At most 16. */
  detail?: Record<string, string>;
}

/** A plain insert: reads nothing and conflicts with nothing. Longer texts are cut. */
export async function recordAct(ctx: MutationCtx, { kind, actor, subject, detail }: Act): Promise<void> {
  const facts = Object.entries(detail ?? {}).slice(0, MAX_DETAILS);
  await ctx.db.insert("auditLog", {
    at: Date.now(),
    kind,
    actor: cut(actor, MAX_TEXT_CHARS),
    subject: cut(subject, MAX_TEXT_CHARS),
    detail: detail && Object.fromEntries(facts.map(([name, fact]) => [name, cut(fact, MAX_FACT_CHARS)])),
  });
}

const cut = (text: string, max: number): string => (text.length <= max ? text : `${cutText(text, max - 1)}…`);
