/** What must hold of the rows after every transaction, whatever happened before. */
import { compareValues } from "convex/values";
import type { Doc } from "../../src/component/_generated/dataModel.js";
import type { World } from "../component/world.js";

export interface Rows {
  conversations: Doc<"conversations">[];
  messages: Doc<"messageQueue">[];
  leases: Doc<"leases">[];
}

export class Violation extends Error {
  override name = "Violation";
}

export function must(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new Violation(rule);
}

export const readRows = (world: World): Promise<Rows> =>
  world.t.run(async (ctx) => ({
    conversations: await ctx.db.query("conversations").collect(),
    messages: await ctx.db.query("messageQueue").collect(),
    leases: await ctx.db.query("leases").collect(),
  }));

export const isEnded = (message: Doc<"messageQueue">): boolean =>
  message.status === "done" || message.status === "dead_letter";

/** Throws a `Violation` that names the first rule broken. */
export function checkRows(rows: Rows): void {
  for (const conversation of rows.conversations) checkConversation(conversation, rows);
  const keys = rows.messages.flatMap(({ key, workspace }) =>
    key === undefined ? [] : [`${workspace} ${key}`],
  );
  must(new Set(keys).size === keys.length, "one message per key");
}

function checkConversation(conversation: Doc<"conversations">, { messages, leases }: Rows): void {
  const name = conversation.conversationId;
  const own = messages.filter((message) => message.conversation === conversation._id);
  const queued = own
    .filter(({ status }) => status === "queued")
    .sort((a, b) => compareValues(a.seq, b.seq) || a._creationTime - b._creationTime);
  const live = leases.filter((lease) => lease.conversation === conversation._id && lease.state === "live");
  must(live.length <= 1, `${name}: at most one live lease`);
  if (conversation.state === "held") {
    must(live[0]?._id === conversation.lease, `${name}: held by the lease that its row names`);
    must(live[0]?.message === conversation.head, `${name}: the lease is for the head`);
    must(live[0]?.worker === conversation.holder, `${name}: the holder has the lease`);
  } else {
    must(live.length === 0, `${name}: a live lease only while held`);
  }
  must(
    (conversation.state === "idle") === (queued.length === 0),
    `${name}: idle if and only if nothing is queued`,
  );
  must(conversation.head === queued[0]?._id, `${name}: the head is the oldest queued message`);
  must(queued[0] === undefined || conversation.lane === queued[0].lane, `${name}: in the lane of its head`);
  const until = queued[0]?.waiting?.until ?? 0;
  if (conversation.state === "backoff" && conversation.attempts === 0) {
    must(until > 0 && conversation.wakeAt === until, `${name}: parked without an attempt only for files`);
  }
  if (conversation.state === "ready" || (conversation.state === "held" && conversation.attempts === 0)) {
    must(until <= Date.now(), `${name}: nothing in line waits for files`);
  }
  if (conversation.state === "ready") {
    const highest = Math.max(...queued.map(({ priority }) => priority));
    must(conversation.priority === highest, `${name}: as urgent as its most urgent message`);
  }
  const last = own
    .filter(isEnded)
    .sort((a, b) => compareValues(a.seq, b.seq))
    .at(-1);
  if (last && queued[0])
    must(compareValues(last.seq, queued[0].seq) <= 0, `${name}: messages end in order of arrival`);
}
