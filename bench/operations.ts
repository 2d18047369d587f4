/** Every operation of the queue that the bench measures, by name. */
import { api } from "../src/component/_generated/api.js";
import { mutationCall, queryCall, type Call } from "./measure.js";
import { LANES, type BenchWorld } from "./world.js";

const { lib } = api;

export interface Operation {
  name: string;
  /** Wake-ups pending when it runs; default the reaper's only, as in a system at work. */
  alarms?: { reap: boolean; pass: boolean };
  call: Call;
}

const isSomething = (result: unknown): boolean => result !== null && result !== false;
const isNothing = (result: unknown): boolean => result === null;
const has = (fields: Record<string, unknown>) => (result: unknown) =>
  typeof result === "object" &&
  result !== null &&
  Object.entries(fields).every(([key, value]) => (result as Record<string, unknown>)[key] === value);

/** The claim that must find the one ready conversation of a world whose backlog is blocked. */
export const claimBehindBacklog: Operation = {
  name: "claim behind a blocked backlog",
  call: mutationCall(lib.claim, { workerId: "claimer" }, has({ conversationId: "ready" })),
};

const nothingPending = { reap: false, pass: false };

/** The operations against a seeded world. Without a worker token: authorisation adds up to 2 documents. */
export function operations({ jobs }: BenchWorld): Operation[] {
  const turns = [
    { role: "user" as const, content: "a question".padEnd(200, ".") },
    { role: "assistant" as const, content: "an answer".padEnd(500, ".") },
  ];
  const reply = { text: "an answer".padEnd(500, "."), parts: 1 };
  const complete = { kind: "complete" as const };
  const enqueue = (conversationId: string, tag?: string) =>
    mutationCall(
      lib.enqueue,
      {
        conversationId,
        agentKey: "default",
        tag,
        idempotencyKey: "a key not seen before",
        payload: { provider: "app", providerUserId: "user", messageText: "hello".padEnd(200, ".") },
      },
      isSomething,
    );
  const claim = (workerId: string, check = isSomething) => mutationCall(lib.claim, { workerId }, check);
  return [
    { name: "enqueue, conversation ready", call: enqueue("ready") },
    { name: "enqueue, conversation held", call: enqueue("last") },
    { name: "enqueue, conversation idle, others ready", call: enqueue("idle") },
    {
      name: "enqueue, conversation idle, pass pending",
      alarms: { reap: true, pass: true },
      call: enqueue("idle in an empty lane", LANES.empty),
    },
    { name: "enqueue, conversation new, others ready", call: enqueue("new") },
    {
      name: "enqueue, conversation new, nothing pending",
      alarms: nothingPending,
      call: enqueue("new", LANES.empty),
    },
    { name: "claim, one lane", call: claim("claimer") },
    { name: "claim, one lane, arms the reaper", alarms: nothingPending, call: claim("claimer") },
    { name: "claim, two lanes", call: claim("two lanes") },
    {
      name: "claim and hydrate",
      call: mutationCall(lib.claim, { workerId: "claimer", hydrate: true }, isSomething),
    },
    { name: "claim, nothing there", call: claim("poller", isNothing) },
    { name: "heartbeat", call: mutationCall(lib.heartbeat, jobs.last, (result) => result === true) },
    { name: "renewLease", call: mutationCall(lib.renewLease, jobs.last, has({ ok: true })) },
    { name: "complete, another waits", call: mutationCall(lib.complete, jobs.withNext, isSomething) },
    { name: "complete, nothing waits", call: mutationCall(lib.complete, jobs.last, isSomething) },
    {
      name: "fail, to be repeated",
      call: mutationCall(lib.fail, { ...jobs.withNext, errorMessage: "boom" }, has({ requeued: true })),
    },
    {
      name: "fail, dead letter, another waits",
      call: mutationCall(
        lib.fail,
        { ...jobs.lastAttempt, errorMessage: "boom" },
        has({ deadLettered: true }),
      ),
    },
    {
      name: "settle: record turns, reply, sending",
      call: mutationCall(
        lib.settle,
        { ...jobs.withNext, turns, reply, sendingPart: 0 },
        has({ status: "held" }),
      ),
    },
    {
      name: "settle: 2 turns, complete, another waits",
      call: mutationCall(lib.settle, { ...jobs.withNext, turns, outcome: complete }, has({ status: "done" })),
    },
    {
      name: "settle: complete after record, claim next, hydrate",
      call: mutationCall(
        lib.settle,
        { ...jobs.recorded, outcome: complete, claimNext: { hydrate: true } },
        (result) => has({ status: "done" })(result) && !has({ next: null })(result),
      ),
    },
    {
      name: "hydrate",
      call: queryCall(
        lib.getHydrationBundle,
        { messageId: jobs.last.messageId, workerId: jobs.last.workerId, workspaceId: "tenant0" },
        isSomething,
      ),
    },
  ];
}
