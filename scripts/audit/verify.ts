/**
 * Checks an exported audit log without the deployment: exit code 0 when the chain holds, 1 with the first broken line.
 *
 *   npx convex run operator:exportAudit | jq -c '.anchor, .entries[]' > audit.jsonl
 *   npx tsx scripts/audit/verify.ts audit.jsonl --head 120:6f1c…     (`-` or nothing: standard input)
 *
 * `--head` and `--anchor` take points as `auditHead` shows them, noted down somewhere else: only with them is it found
 * that entries were cut off at the end, or that everything was written anew.
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { runMain } from "../runMain.js";
import { checkChain, parsePoint } from "./checkChain.js";

await runMain("verify", async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { head: { type: "string" }, anchor: { type: "string" } },
  });
  if (positionals.length > 1) throw new Error("usage: verify [FILE] [--head SEQ:HASH] [--anchor SEQ:HASH]");
  const [file = "-"] = positionals;
  const input = file === "-" ? process.stdin : createReadStream(file, "utf8");
  // A missing file is reported by the stream, which `readline` does not pass on.
  const failed = new Promise<never>((_, reject) => input.once("error", reject));
  const lines = createInterface({ input, crlfDelay: Infinity });
  const verdict = await Promise.race([
    checkChain(lines, {
      head: values.head === undefined ? undefined : parsePoint(values.head),
      anchor: values.anchor === undefined ? undefined : parsePoint(values.anchor),
    }),
    failed,
  ]);
  if (!verdict.ok) throw new Error(`line ${verdict.line}: ${verdict.reason}`);
  const { entries, from, head } = verdict;
  console.log(
    `${entries} entries hold, from after ${from.seq}:${from.hash} to ${head.seq}:${head.hash}` +
      (values.head === undefined ? " (no --head given: a cut at the end would not be seen)" : ""),
  );
});
