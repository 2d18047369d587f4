import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { FlyVolumeView } from "../fly/index.js";
import { messageNamedIn } from "./traffic.js";

/** What `agent.mjs` writes into its data directory. */
const noteSchema = z.object({ note: z.string(), since: z.string() });

/** The agents' notes, read from the volumes behind their backs: no answer and no history holds them in the first round. */
export class Notes {
  private readonly known = new Map<number, string>();
  private readonly changed = new Set<number>();

  /** Notes down what the volumes hold now. */
  look(volumes: readonly FlyVolumeView[]): void {
    for (const { directory } of volumes) {
      const found = directory === null ? null : readNote(directory);
      const named = found && messageNamedIn(found.since);
      if (!found || !named) continue;
      const before = this.known.get(named.conversation);
      if (before !== undefined && before !== found.note) this.changed.add(named.conversation);
      else this.known.set(named.conversation, found.note);
    }
  }

  of(conversation: number): string | undefined {
    return this.known.get(conversation);
  }

  /** Conversations whose agent had to write a second note: the first one was lost. */
  get lost(): number[] {
    return [...this.changed];
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
