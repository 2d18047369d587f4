import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { FlyVolumeView } from "../fly/index.js";
import type { Seen } from "./judge.js";
import { messageNamedIn, type Planned } from "./traffic.js";

/** What `agent.mjs` writes into its data directory. */
const noteSchema = z.object({ note: z.string(), since: z.string() });

/**
 * The agents' notes, read from the volumes behind their backs: no answer and no history holds them in the first round. An
 * agent's first note is the one that counts: a second one says that its memory was lost.
 */
export class Notes {
  private readonly first = new Map<number, string>();

  /** Takes in what the volumes hold now. */
  look(volumes: readonly FlyVolumeView[]): void {
    for (const { directory } of volumes) {
      const found = directory === null ? null : readNote(directory);
      const named = found && messageNamedIn(found.since);
      if (!found || !named) continue;
      if (!this.first.has(named.conversation)) this.first.set(named.conversation, found.note);
    }
  }

  /** Whether each of these questions was answered, in its chat, with the note of its agent. */
  wereTold(questions: readonly Planned[], seen: readonly Seen[]): boolean {
    return questions.every((question) => {
      const note = this.first.get(question.conversation);
      const isAnswer = ({ chatId, text }: Seen) => chatId === question.chatId && text.includes(question.text);
      return note !== undefined && seen.some((answer) => isAnswer(answer) && answer.text.includes(note));
    });
  }
}

/** Null while there is none, it is half written, or its directory has just gone. */
function readNote(directory: string): z.output<typeof noteSchema> | null {
  try {
    return noteSchema.parse(JSON.parse(readFileSync(join(directory, "note.json"), "utf8")));
  } catch {
    return null;
  }
}
