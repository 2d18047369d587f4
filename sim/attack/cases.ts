/** The hostile calls: each class over every target it makes sense for, with what the documentation says it meets. */
import type { ErrorCode } from "../../src/contract/errors.js";
import { statusOfCode } from "../../src/contract/gateway.js";
import type { Random } from "../faults/index.js";
import { attempt, delivery, urlOf, type Origins } from "./requests.js";
import type { Actor, Stage } from "./stage.js";
import { argumentsFor, takes, workerTargets, type Values } from "./targets.js";
import type { Attempt, Credential, Door, Expected, HostileCase, Target } from "./types.js";
import { userCases } from "./users/cases.js";
import { malformedBodies } from "./malformed.js";

/** The documented answer to a code: by status where the door is ours, in the error's data where it is Convex's. */
export const refusedWith = (code: ErrorCode, door: Door): Expected => {
  const status = statusOfCode[code] ?? 400;
  const fromFunction = door === "image" && (status === 400 || status === 409);
  return { status: door === "api" || fromFunction ? 200 : status, code };
};
const isNothing = (value: unknown): boolean =>
  value === null ||
  value === false ||
  (typeof value === "object" &&
    (("ok" in value && value.ok === false) ||
      ("requeued" in value && value.requeued === false && "deadLettered" in value && !value.deadLettered)));
const nothing: Expected = { status: 200, refusedBy: isNothing };
const pick = <T>(random: Random, items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;

/** What a call about the actor's message says. */
const valuesOf = (actor: Actor): Values => ({
  workerId: actor.workerId,
  messageId: actor.messageId,
  leaseId: actor.leaseId,
  conversationId: actor.conversationId,
  workspaceId: "default",
  agentKey: actor.agentKey,
  messages: [{ role: "assistant", content: "an answer" }],
  metadata: { note: "x" },
  errorMessage: "boom",
  error: "boom",
  reason: "manual",
  snapshotId: "unknown",
  storageId: "unknown",
  sha256: "0".repeat(64),
});

/** A claim, by whichever name the door calls it: the gateway's also answers how to wait. */
export const handsOut = ({ fn }: Target["call"]): boolean => fn === "claim" || fn === "poll";

/** The arguments as a worker would give them: a claim asks for any conversation. */
export function usualArguments(target: Target, actor: Actor): Record<string, unknown> {
  const { conversationId, ...rest } = valuesOf(actor);
  const values = handsOut(target.call) ? rest : { ...rest, conversationId };
  const args = argumentsFor(target.call, values);
  return target.call.fn === "settle" ? { ...args, outcome: { kind: "complete" } } : args;
}

const FENCED = new Set(["renewLease", "heartbeat", "settle", "complete", "fail"]);
const ABOUT_A_MESSAGE = new Set([
  ...FENCED,
  "getHydrationBundle",
  "appendConversationMessages",
  "attachMessageMetadata",
]);

export function hostileCases(stage: Stage, origins: Origins, exported: ReadonlySet<string>): HostileCase[] {
  const targets = workerTargets().filter(({ door, name }) => door !== "api" || exported.has(name));
  const cases: HostileCase[] = [];
  for (const target of targets) {
    const add = (kind: string, expected: Expected, build: (random: Random) => Attempt, detail = "") =>
      cases.push({
        kind,
        door: target.door,
        label: `${kind}${detail} ${target.door}/${target.name}`,
        build,
        expected,
        target,
      });
    const call = (credential: Partial<Credential> | null, args: Record<string, unknown>) =>
      attempt(target, origins, credential, args);
    const refused = (code: ErrorCode) => refusedWith(code, target.door);
    const asVictim = usualArguments(target, stage.victim);
    credentialCases(stage, target, { add, call, refused, asVictim });
    scopeCases(stage, target, { add, call, refused, asVictim });
    if (ABOUT_A_MESSAGE.has(target.call.fn)) {
      const lost = target.call.fn === "appendConversationMessages" ? refused("lease_lost") : nothing;
      add("staleLease", lost, () => call(stage.stale.credential, usualArguments(target, stage.stale)));
      const foreign = usualArguments(target, { ...stage.victim, workerId: stage.mallory.workerId });
      add("foreignLease", lost, () => call(stage.mallory.credential, foreign));
      const garbled = lost === nothing && takes(target.call, "leaseId");
      if (garbled) {
        add("inventedLease", nothing, (random) => {
          const leaseId = `${stage.victim.leaseId.split(".")[0] ?? ""}.${random().toString(36).slice(2)}`;
          return call(stage.victim.credential, { ...asVictim, leaseId });
        });
      }
    }
    if (handsOut(target.call)) {
      const asked = (conversationId: string) => ({
        ...asVictim,
        workerId: stage.mallory.workerId,
        conversationId,
      });
      add("systemLane", nothing, () => call(stage.mallory.credential, asked(stage.systemConversation)));
    }
    formCases(stage, target, origins, { add, call, refused, asVictim });
  }
  return [...cases, ...webhookCases(stage, origins), ...userCases(stage.users, origins, exported)];
}

interface Kit {
  add: (kind: string, expected: Expected, build: (random: Random) => Attempt, detail?: string) => void;
  call: (credential: Partial<Credential> | null, args: Record<string, unknown>) => Attempt;
  refused: (code: ErrorCode) => Expected;
  asVictim: Record<string, unknown>;
}

function credentialCases(stage: Stage, target: Target, { add, call, refused, asVictim }: Kit): void {
  const ended = (code: ErrorCode): Expected =>
    // The image is told to stop instead: it would ask for ever.
    target.door === "image" && target.call.fn === "getWorkerControlState"
      ? { status: 200, refusedBy: (value) => JSON.stringify(value) === '{"shouldStop":true}' }
      : refused(code);
  if (target.door === "image") {
    add("forged", refused("worker_token_invalid"), (random) => {
      const alias = Array.from({ length: 43 }, () => pick(random, [..."ABCDEFabcdef0123456789-_"])).join("");
      return call({ alias }, asVictim);
    });
    add("forged", refused("worker_token_invalid"), () =>
      call({ alias: stage.victim.credential.token }, asVictim),
    );
    add("noToken", { status: 404, code: "operation_unknown" }, () => {
      const sent = call({ alias: "x" }, asVictim);
      return { ...sent, url: sent.url.replace("/w/x/", "/w/") };
    });
  } else {
    add("noToken", refused("worker_token_required"), () => call(null, asVictim));
    add("forged", refused("worker_token_invalid"), (random) =>
      call({ token: pick(random, stage.forged).token }, asVictim),
    );
    const alias = target.door === "api" ? "worker_token_required" : "worker_token_invalid";
    if (target.door !== "api")
      add("aliasAsToken", refused(alias), () => call({ token: stage.victim.credential.alias }, asVictim));
    else
      add("aliasAsToken", refused(alias), () =>
        call({ token: `alias:${stage.victim.credential.alias}` }, asVictim),
      );
  }
  add("expired", ended("worker_token_expired"), () => call(stage.expired, asVictim));
  add("revoked", ended("worker_token_revoked"), () => call(stage.revoked, asVictim));
}

function scopeCases(stage: Stage, target: Target, { add, call, refused, asVictim }: Kit): void {
  const { fn } = target.call;
  if (takes(target.call, "workerId")) {
    add("otherWorker", refused("worker_mismatch"), () => call(stage.mallory.credential, asVictim));
  }
  if (target.door === "workspace" && takes(target.call, "workspaceId")) {
    add("otherWorkspace", refused("workspace_mismatch"), () =>
      call(stage.victim.credential, { ...asVictim, workspaceId: "other" }),
    );
  }
  // An alias belongs to one worker, so it cannot name the victim at all: see otherWorker.
  if (target.door === "image") return;
  if (takes(target.call, "workspaceId") || FENCED.has(fn)) {
    add("otherWorkspace", refused("workspace_mismatch"), () => call(stage.stranger, asVictim));
  } else if (fn === "attachMessageMetadata" || fn === "hasQueuedJobsForConversation") {
    add("otherWorkspace", nothing, () => call(stage.stranger, asVictim));
  }
  if (FENCED.has(fn)) add("wrongLane", refused("lane_not_allowed"), () => call(stage.laneless, asVictim));
  else if (fn === "appendConversationMessages")
    add("wrongLane", refused("lease_lost"), () => call(stage.laneless, asVictim));
  else if (ABOUT_A_MESSAGE.has(fn) || fn === "hasQueuedJobsForConversation")
    add("wrongLane", nothing, () => call(stage.laneless, asVictim));
  else if (handsOut(target.call)) {
    const { workerId } = stage.laneless;
    const asked = { ...asVictim, workerId, conversationId: stage.waitingConversation };
    add("wrongLane", nothing, () => call(stage.laneless, asked));
  }
}

function formCases(
  stage: Stage,
  target: Target,
  origins: Origins,
  { add, call, refused, asVictim }: Kit,
): void {
  const { credential } = stage.victim;
  const good = () => call(credential, asVictim);
  const isOurs = target.door !== "api";
  if (isOurs) {
    const notJson: Expected = { status: 400, code: "request_not_json" };
    for (const body of malformedBodies)
      add("malformed", notJson, () => ({ ...good(), body: body.bytes }), ` (${body.name})`);
    add("oversized", { status: 413, code: "request_too_large" }, () => ({
      ...good(),
      body: JSON.stringify({ padding: "x".repeat(2 * 1024 * 1024) }),
    }));
    add("wrongMethod", { status: 405, code: "method_not_allowed" }, (random) => {
      const { url, headers } = good();
      return { url, headers, method: pick(random, ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"]) };
    });
    add("unknownOperation", { status: 404, code: "operation_unknown" }, (random) => {
      const junk = pick(random, ["x", "Claim", "claim%20", "__proto__", "constructor", "claim/x", ".."]);
      if (target.door !== "image") return { ...good(), url: `${urlOf(target, origins, "")}${junk}` };
      const body = JSON.stringify({ path: `agentFactory:${junk}`, args: asVictim });
      return { ...good(), body };
    });
    if (target.door === "image") {
      const other = target.call.kind === "query" ? "mutation" : "query";
      add("wrongKind", { status: 404, code: "operation_unknown" }, () => {
        const sent = good();
        return { ...sent, url: sent.url.replace(/(query|mutation)$/, other) };
      });
    }
  }
  // What Convex itself finds in the arguments of an exported function carries its own code.
  const badArgument: Expected = isOurs
    ? refused("invalid_argument")
    : { status: 200, code: "ArgumentValidationError" };
  // What a platform makes of the names of Object.prototype is its own affair, so only our doors are asked about them.
  const junk = [...JUNK_FIELDS, ...(isOurs ? ["constructor", "toString"] : [])];
  add(
    "badArgument",
    badArgument,
    (random) => call(credential, { ...asVictim, [pick(random, junk)]: pick(random, JUNK_VALUES) }),
    " (extra)",
  );
  const names = Object.keys(asVictim);
  if (names.length === 0) return;
  add("badArgument", badArgument, (random) => {
    const wrong = pick(random, [7, null, true, [], { a: 1 }]);
    const text = names.filter((name) => typeof asVictim[name] === "string");
    return call(credential, { ...asVictim, [pick(random, text.length > 0 ? text : names)]: wrong });
  });
}

const JUNK_FIELDS = ["nowMs", "trusted", "lanes", "isAdmin", "x".repeat(300)];
const JUNK_VALUES = [1, "x", null, { deep: { deeper: [] } }];

function webhookCases(stage: Stage, origins: Origins): HostileCase[] {
  const update = JSON.stringify({
    update_id: 1,
    message: { message_id: 1, date: 1, chat: { id: 7, type: "private" } },
  });
  const wrong: Expected = { status: 401, code: "telegram_secret_invalid" };
  const one = (kind: string, expected: Expected, build: (random: Random) => Attempt): HostileCase => ({
    kind,
    door: "webhook",
    label: `${kind} webhook`,
    build,
    expected,
    target: null,
  });
  return [
    one("noToken", wrong, () => delivery(origins, null, update)),
    one("forged", wrong, (random) => delivery(origins, random().toString(36).slice(2) || "x", update)),
    one("forged", wrong, () => delivery(origins, "x".repeat(300), update)),
    one("oversized", { status: 413, code: "request_too_large" }, () =>
      delivery(origins, stage.webhookSecret, "x".repeat(1024 * 1024 + 1)),
    ),
    one("wrongMethod", { status: 405, code: "method_not_allowed" }, (random) => {
      const { url, headers } = delivery(origins, stage.webhookSecret, update);
      return { url, headers, method: pick(random, ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"]) };
    }),
  ];
}
