/** `npm run conformance:broken`: every broken worker must fail at the row that it breaks. Ends with one line of JSON. */
import { runTrials } from "../../conformance/run.js";
import { startStage, type Stage } from "../../conformance/stage.js";
import { mutant, mutations, type Mutation } from "./mutations.js";

const atOnce = 3;

/** Whether the kit finds the fault. */
export async function isFound(stage: Stage, mutation: Mutation, signal: AbortSignal): Promise<boolean> {
  const broken = await mutant(mutation);
  try {
    const only = [mutation.breaks];
    const verdict = await runTrials({
      command: [broken.file],
      stage,
      only,
      atOnce: 1,
      signal,
      tell: () => undefined,
    });
    const [failure] = verdict.failures();
    // A row that was never observed is no proof that the fault was seen.
    return failure !== undefined && !failure.reasons.includes("was never observed");
  } finally {
    await broken.remove();
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort(new Error("interrupted")));
  const stage = await startStage({ target: null, tell: () => undefined, signal: interrupted.signal });
  const waiting = [...mutations];
  const missed: string[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const found = await isFound(stage, next, interrupted.signal);
      process.stderr.write(`${found ? "found " : "MISSED"} ${next.breaks}: ${next.name}\n`);
      if (!found) missed.push(next.breaks);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work)).finally(() => stage.close());
  process.stdout.write(
    `${JSON.stringify({ broken: mutations.length, found: mutations.length - missed.length, missed })}\n`,
  );
  process.exit(missed.length === 0 ? 0 : 1);
}
