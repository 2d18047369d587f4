/** The rules of the worker protocol, one row each. The tables of `docs/worker-protocol.md` are made of them. */
import { workerCalls, type GatewayOperation } from "../src/contract/gateway.js";

/** Raised when a row is added or its meaning changes; a row's id is never given to another rule. */
export const protocolVersion = "1.1";

/** What the kit sets in the worker's environment, and the rules speak of. Times in ms. */
export const kitTimings = {
  pollIntervalMs: 300,
  httpTimeoutMs: 2_000,
  leaseMs: 4_000,
  heartbeatIntervalMs: 1_000,
} as const;

/** Every rule by its id, in the order of the document. */
export const rules = {
  "P-AUTH-1": "Every call carries `Authorization: Bearer <AGENT_TOKEN>`.",
  "P-AUTH-2": "The token stands in no URL, no body and no other header.",
  "P-AUTH-3": "The token goes to the gateway only: neither the model nor the chat platform ever sees it.",
  "P-AUTH-4":
    "A 401 for the worker's own credential is final: the worker makes at most one more call, says the refusal's code or message in its output and ends with an exit code other than 0, within 10 s.",
  "P-AUTH-5":
    "So is a 403 of `worker_token_revoked`, `worker_mismatch`, `worker_id_taken`, `workspace_mismatch` or `lane_not_allowed`.",
  "P-AUTH-6": "Token, model key and bot token never appear in the worker's output.",

  "P-FORM-1": "Every call is a POST with `Content-Type: application/json` and a JSON object as its body.",
  "P-FORM-2":
    "Its URL is `<BASE_INTERNAL_URL>/api/agent_workers/<operation>`, or `<BASE_INTERNAL_URL>/api/w/<workspace>/agent_workers/<operation>`, with an operation of the tables below.",
  "P-FORM-3": "Fields that the worker does not know are ignored, wherever they stand in an answer.",
  "P-FORM-4": "An answer that is not the gateway's (a proxy's page, say) counts as no answer.",
  "P-FORM-5": "Every call names the same `workerId`; it is `WORKER_ID` when that is set.",

  "P-CLAIM-1": "The first claim comes within 15 s of the start (plus what the engine needs to start).",
  "P-CLAIM-2":
    "An idle worker waits at least half of `POLL_INTERVAL_MS` between two claims, and takes a message within five times that, or 2 s, of its arrival.",
  "P-CLAIM-3": "One message at a time: while it holds one, or another claim runs, the worker does not claim.",
  "P-CLAIM-4":
    "Before the engine runs, the worker has the message's hydration: by `hydrate: true` in the claim, or by the operation `hydrate`.",
  "P-CLAIM-5": "A job in the `next` of a settle is the worker's, exactly as one from a claim.",

  "P-HYD-1":
    "The engine gets the turns of `conversationState.contextHistory`, oldest first, and the message's text after them.",
  "P-HYD-2":
    "A job without hydration (`hydrationError`, or null from `hydrate`) is ended as a failed attempt, without an engine run.",
  "P-HYD-3":
    "A message whose channel needs a credential and has none (`telegram`: `channel.credential`, or `telegramBotToken` where `channel` is absent, is null) is ended as a failed attempt, without an engine run.",
  "P-HYD-4":
    "A `telegram` message with `hydration.undeliverable` is ended as failed, `retryable` false, without an engine run.",

  "P-BEAT-1":
    "While it holds a message the worker renews the lease: no two `heartbeatIntervalMs` pass without a `heartbeat`, from the claim on.",
  "P-BEAT-2": "No heartbeat begins after the end of its message was acknowledged.",

  "P-LOST-1":
    "`lease_lost` from a heartbeat: the message is somebody else's. Nothing is sent, and no further call names the lease, but for one settle with an `outcome` that names in `sendingPart` a part which was announced and certainly not sent.",
  "P-LOST-2": "`lease_lost` from a settle: the same.",
  "P-LOST-3": "A lost lease is no failure of the worker: it goes on, and claims again within 10 s.",

  "P-SET-1": "Nothing is sent before a settle with the whole `reply` was acknowledged.",
  "P-SET-2":
    "The settle that records the reply, or an earlier one, carries the turns: the user's text and the answer.",
  "P-SET-3": "Each part is noted by an acknowledged settle with its `sendingPart` before it is sent.",
  "P-SET-4": "Every message ends with an acknowledged `outcome`; after it no call names its lease.",
  "P-SET-5":
    "A settle that was not answered, or with 5xx, is repeated unchanged; the engine does not run again and no part is sent twice.",
  "P-SET-6":
    "A settle that is refused with 400 is not repeated: the message ends with `outcome` fail, `retryable` false.",

  "P-SEND-1":
    "What is sent is the recorded text, in `reply.parts` parts of at most 4096 UTF-16 units, in order; at a cut only white space is lost.",
  "P-SEND-2":
    "It goes to the chat `payload.metadata.telegramChatId`, or else `payload.providerUserId`, by the bot of the hydration.",
  "P-SEND-3":
    "A part whose fate is unknown (sent, no answer) is never sent again; it is named in `ambiguousParts`, and the rest goes on.",
  "P-SEND-4":
    "A 429 of the chat platform is waited for as long as its `retry_after` says; then the part is sent. A long wait is left to the queue: `outcome` fail with `blames` service and `retryAfterMs`.",
  "P-SEND-5":
    "A refusal that no repeat can change (the user blocked the bot) ends the message with `retryable` false.",
  "P-SEND-6":
    "Of a message of any other provider nothing is sent: the reply is recorded and the message completed.",

  "P-RES-1": "A job that has `hydration.reply` needs no engine: the recorded text is the answer.",
  "P-RES-2": "Sending goes on at `reply.nextPart`; no part before it is sent again.",
  "P-RES-3": "When the last part is sent the message is completed.",

  "P-FAIL-1": "An engine that fails ends the attempt with `outcome` fail and a text of 1 to 2000 characters.",
  "P-FAIL-2":
    "The text holds no secret: no token, no key, no bot token, also where an engine or the chat platform repeats them.",
  "P-FAIL-3":
    "A failure that may pass is `retryable` (true or absent), and the next attempt is taken and answered.",

  "P-ORD-1": "The messages of a conversation are answered in their order, each once.",

  "P-RETRY-1": "A claim that met 5xx is repeated.",
  "P-RETRY-2": "So is one whose connection was cut.",
  "P-RETRY-3":
    "One that is not answered within `HTTP_TIMEOUT_MS` (20 s when absent) is given up and repeated.",
  "P-RETRY-4": "One that met 429 is repeated.",
  "P-RETRY-5":
    "The waits between failed claims grow: the fourth is at least one and a half times the first, and no wait exceeds 30 s.",
  "P-RETRY-6": "They are spread at random: no two outages meet with the same waits.",

  "P-STOP-1": "SIGTERM while idle: no further claim, exit code 0 within 5 s.",
  "P-STOP-2": "SIGTERM with a message in hand: it is finished and answered, no other is taken, exit code 0.",
  "P-STOP-3":
    "`shouldStop` in a heartbeat's answer: the message in hand is finished, no other is taken, exit code 0.",
  "P-STOP-4":
    "An idle worker heeds `shouldStop`: in the answer to a claim that found nothing, or in `control_state`, which it asks at least every 20 s. It ends with exit code 0, within 25 s of the first time.",
} as const;

type RuleId = keyof typeof rules;
/** The row of one operation: its arguments are those of the contract, with no field more and none missing. */
export type CallId = `P-CALL-${Uppercase<GatewayOperation>}`;
export type RowId = RuleId | CallId;

const callId = (operation: GatewayOperation): CallId =>
  `P-CALL-${operation.toUpperCase() as Uppercase<GatewayOperation>}`;

/** The operations of the gateway with the contract they are made of. */
export const operations = workerCalls.flatMap((call) =>
  call.operation === null ? [] : [{ ...call, operation: call.operation, id: callId(call.operation) }],
);
/** Those that no worker can do without. */
export const neededOperations: readonly GatewayOperation[] = ["claim", "heartbeat", "settle"];

/** Rows of things that a worker may leave out: they are judged when it does them. */
export const optionalRows: ReadonlySet<RowId> = new Set<RowId>([
  "P-CLAIM-5",
  ...operations.filter(({ operation }) => !neededOperations.includes(operation)).map(({ id }) => id),
]);

export const allRows: readonly RowId[] = [
  ...(Object.keys(rules) as RuleId[]),
  ...operations.map(({ id }) => id),
];
