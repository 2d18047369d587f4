/** Workers that break the protocol in one place each: the reference worker with one text exchanged for another. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { RowId } from "../../conformance/rows.js";

export const referenceWorker = new URL("../../examples/shell-worker/worker.sh", import.meta.url).pathname;

export interface Mutation {
  name: string;
  /** The row that must fail. */
  breaks: RowId;
  from: string;
  to: string;
}

export const mutations: readonly Mutation[] = [
  {
    name: "puts the token into the URL",
    breaks: "P-AUTH-2",
    from: "/api/agent_workers/$1",
    to: "/api/agent_workers/$1?token=$AGENT_TOKEN",
  },
  {
    name: "prints the token",
    breaks: "P-AUTH-6",
    from: 'say "worker $WORKER_ID started"',
    to: 'say "worker $WORKER_ID started with $AGENT_TOKEN"',
  },
  { name: "goes on with a revoked token", breaks: "P-AUTH-5", from: ': >"$dir/fatal"', to: ":" },
  {
    name: "refuses answers with an unknown field",
    breaks: "P-FORM-3",
    from: "select(.ok) | [.value]",
    to: 'select(keys == ["ok", "value"]) | [.value]',
  },
  {
    name: "claims while it holds a message",
    breaks: "P-CLAIM-3",
    from: "  local provider bot chat number parts part\n",
    to: '  local provider bot chat number parts part\n  call claim "$me"\n',
  },
  {
    name: "forgets the history",
    breaks: "P-HYD-1",
    from: "[.conversationState.contextHistory[] |",
    to: "[empty |",
  },
  {
    name: "never renews its lease",
    breaks: "P-BEAT-1",
    from: 'while rest "$1"; do',
    to: "while rest 60000; do",
  },
  {
    name: "does not listen to a lost lease",
    breaks: "P-LOST-1",
    from: '[[ $(jq .ok <<<"$value") == true ]] || break',
    to: ":",
  },
  {
    name: "sends the answer before it is recorded",
    breaks: "P-SET-1",
    from: '    settle "$(jq -c --rawfile text',
    to: '    send "$chat" "$(cat "$dir/text")"\n    settle "$(jq -c --rawfile text',
  },
  {
    name: "does not note what it sends",
    breaks: "P-SET-3",
    from: 'settle "{\\"sendingPart\\": $number}" || return',
    to: ":",
  },
  {
    name: "repeats a part whose fate is unknown",
    breaks: "P-SEND-3",
    from: "5 | 6 | 7) return 1 ;; *) return 3 ;; esac",
    to: "*) return 1 ;; esac",
  },
  {
    name: "runs the engine although the reply is recorded",
    breaks: "P-RES-1",
    from: 'if ! jq -erj .reply.text "$dir/hydration" >"$dir/text"; then',
    to: "if true; then",
  },
  {
    name: "repeats the first part when it takes over",
    breaks: "P-RES-2",
    from: '    send "$chat" "$part"\n',
    to: '    ((number > 0)) && send "$chat" "$(jq -r ".[0]" <<<"$parts")"\n    send "$chat" "$part"\n',
  },
  {
    name: "quotes the engine's error with its secrets",
    breaks: "P-FAIL-2",
    from: 'fail "the engine gave no answer"',
    to: 'fail "the engine said $(cat "$dir/said")"',
  },
  {
    name: "waits equally long after each failure",
    breaks: "P-RETRY-5",
    from: "rest $((whole / 2 + whole * RANDOM / 65536))",
    to: 'rest "$2"',
  },
  {
    name: "waits without chance",
    breaks: "P-RETRY-6",
    from: "rest $((whole / 2 + whole * RANDOM / 65536))",
    to: 'rest "$whole"',
  },
  {
    name: "dies of SIGTERM with a message in hand",
    breaks: "P-STOP-2",
    from: "trap 'stop=1' TERM INT",
    to: ":",
  },
  {
    name: "takes another message although it shall stop",
    breaks: "P-STOP-3",
    from: `[[ $(jq .shouldStop <<<"$value") == true ]] && : >"$dir/stop"`,
    to: ":",
  },
];

/** The reference worker with this fault, as a file that can be run. @throws Error when the text to exchange is not there once. */
export async function mutant({
  name,
  from,
  to,
}: Mutation): Promise<{ file: string; remove(): Promise<void> }> {
  const source = await readFile(referenceWorker, "utf8");
  if (source.split(from).length !== 2)
    throw new Error(`"${name}": its text is not in the worker exactly once`);
  const folder = await mkdtemp(path.join(tmpdir(), "broken-worker-"));
  const file = path.join(folder, "worker.sh");
  await writeFile(
    file,
    source.replace(from, () => to),
  );
  await chmod(file, 0o755);
  return { file, remove: () => rm(folder, { recursive: true }) };
}
