import { describe, expect, it } from "vitest";
import { fleetCases } from "../../../test/ops/fleetCases.js";
import {
  facts,
  failed,
  later,
  machine,
  owner,
  server,
  T,
  type Case,
} from "../../../test/ops/messageFacts.js";
import { vReason } from "../../contract/ops.js";
import { explain } from "./explain.js";

const cases: Case[] = [
  ["done", { message: { status: "done", endedAt: T } }, "answered", "2030-01-01T12:00", null, null],
  [
    "given up",
    { message: { status: "dead_letter", attempts: 5, lastError: "boom" } },
    "dead_letter",
    "after 5 attempts: boom",
    "redriveDeadLetter",
    null,
  ],
  ["not due", { message: { status: "delayed", dueAt: later } }, "delayed", "2030-01-01T12:01", null, later],
  [
    "in a worker's hands",
    {
      conversation: { state: "held", attempts: 1 },
      lease: { worker: "w1", expiresAt: later, replyRecorded: false },
    },
    "in_flight",
    "Worker w1 is working on it, attempt 2 of 5",
    null,
    later,
  ],
  [
    "being sent",
    { conversation: { state: "held" }, lease: { worker: "w1", expiresAt: later, replyRecorded: true } },
    "in_flight",
    "is sending it",
    null,
    later,
  ],
  [
    "after a failure",
    { conversation: { state: "backoff", attempts: 2, lastError: "boom", wakeAt: later } },
    "backoff",
    "Attempt 2 of 5 failed: boom. The next one comes at 2030-01-01T12:01",
    "cause",
    later,
  ],
  [
    "its files are being fetched",
    { conversation: { state: "backoff", wakeAt: later, waitsForFiles: { collecting: false } } },
    "attachments",
    "waits for its files to be fetched; it goes on without them at 2030-01-01T12:01",
    null,
    later,
  ],
  [
    "its album may not be complete",
    { conversation: { state: "backoff", wakeAt: later, waitsForFiles: { collecting: true } } },
    "attachments",
    "further parts of its album",
    null,
    later,
  ],
  [
    "while the model server is down",
    {
      conversation: {
        state: "backoff",
        hasFailed: true,
        lastError: "openai: HTTP 503",
        wakeAt: later,
        serviceDown: { since: later - 60_000, giveUpAt: later + 3_600_000 },
      },
    },
    "service_down",
    "openai: HTTP 503. This costs it no attempt.",
    "Bring the service back",
    later,
  ],
  [
    "after a failure, with files still missing",
    {
      conversation: {
        state: "backoff",
        attempts: 1,
        hasFailed: true,
        lastError: "boom",
        wakeAt: later,
        waitsForFiles: { collecting: false },
      },
    },
    "backoff",
    "Attempt 1 of 5 failed: boom",
    "cause",
    later,
  ],
  ["on its way into line", { conversation: { state: "idle" } }, "in_line", "upkeep", null, T + 5_000],
  [
    "its owner's machine is ordered",
    { owner: { ...owner, machine: { ...machine, step: "launching", machineId: undefined } } },
    "launching",
    "is ordered",
    null,
    later,
  ],
  [
    "its owner's machine was refused",
    { owner: { ...owner, machine: { ...machine, step: "launching", problem: failed } } },
    "provider_error",
    "no such image",
    "setProviderRuntimeConfig",
    T + 90_000,
  ],
  [
    "its owner's machine wants a secret",
    {
      owner: {
        ...owner,
        machine: { ...machine, step: "launching", problem: { ...failed, code: "convex_url_missing" } },
      },
    },
    "missing_secret",
    "could not be made",
    "'convex.url'",
    T + 90_000,
  ],
  [
    "its owner boots",
    { owner: { ...owner, machine: { ...machine, step: "booting" } } },
    "booting",
    "Machine m1 of worker w1 is booting. It must call by 2030-01-01T12:01:30",
    null,
    later,
  ],
  [
    "its owner boots after others that did not",
    {
      owner: { ...owner, machine: { ...machine, step: "booting" } },
      fleet: { failedBoots: [{ worker: "w0", reason: "died_at_boot" }] },
    },
    "booting",
    "died_at_boot",
    "log",
    later,
  ],
  [
    "its owner drains",
    {
      owner: {
        ...owner,
        active: false,
        machine: { ...machine, drain: { reason: "idle", deadlineAt: later } },
      },
    },
    "owner_draining",
    "(reason: idle)",
    null,
    later,
  ],
  ["its owner saves", { owner: { ...owner, saving: true } }, "owner_saving", "is saving", null, later],
  [
    "its owner has called since the last pass",
    { owner: { ...owner, hasCalled: true, machine: { ...machine, step: "booting" } } },
    "owner_polling",
    "when it polls next",
    null,
    T + 30_000,
  ],
  ["its owner rests", { owner }, "owner_polling", "when it polls next", null, T + 30_000],
  [
    "its owner does not serve its lane",
    { owner, conversation: { lane: "gpu" } },
    "lane_unserved",
    "does not serve lane 'gpu' of workspace 'acme'",
    "Use a lane that w1 serves (default)",
    T + 30_000,
  ],
  [
    "its owner was asked to let go of a lane that it does not serve",
    { owner: { ...owner, freeAt: later }, conversation: { lane: "gpu" } },
    "lane_unserved",
    "from 2030-01-01T12:01:00.000Z on others may take it even if it does not",
    "Use a lane that w1 serves (default)",
    later,
  ],
  [
    "its owner is silent, and nobody else serves its lane",
    {
      silentOwner: { worker: "laptop", conversationId: "c1", since: T, keptUntil: later },
      fleet: { hasConfig: false },
    },
    "owner_silent",
    "Worker laptop, which holds the conversation's memory, has given no sign of life since 2030-01-01T12:00",
    "Start worker laptop again",
    later,
  ],
  [
    "its owner is silent, and somebody else is free",
    {
      silentOwner: { worker: "laptop", conversationId: "c1", since: T, keptUntil: later },
      servers: [server],
    },
    "worker_polling",
    "Worker w1 is free",
    null,
    T + 30_000,
  ],
  ["somebody is free", { servers: [server] }, "worker_polling", "Worker w1 is free", null, T + 30_000],
  [
    "a machine for anybody boots",
    { servers: [{ ...server, machine: { ...machine, step: "booting" } }] },
    "booting",
    "m1",
    null,
    later,
  ],
  [
    "all are busy, none can be launched",
    { servers: [{ ...server, free: false }], fleet: { hasConfig: false } },
    "in_line",
    "all 1 workers of lane 'default' are busy",
    "further workers",
    T + 5_000,
  ],
  [
    "nobody lists its lane",
    { servers: [], conversation: { lane: "gpu" } },
    "lane_unserved",
    "No worker lists the lane 'gpu'",
    "tags list 'gpu'",
    null,
  ],
  [
    "its lane is served for others only",
    { servers: [{ ...server, lanes: ["gpu"], workspace: "other" }], conversation: { lane: "gpu" } },
    "lane_unserved",
    "serve other workspaces than 'acme'",
    "for workspace 'acme'",
    null,
  ],
  [
    "a system lane",
    { conversation: { lane: "system:acme" } },
    "lane_unserved",
    "trusted worker",
    "trusted: true",
    null,
  ],
  ...fleetCases,
];

describe("why a message has not been answered", () => {
  it.each(cases)("%s", (_what, change, reason, says, fix, nextLookAt) => {
    const told = explain(facts(change));
    expect(told).toMatchObject({ reason, nextLookAt });
    expect(told.text).toContain(says);
    if (fix === null) expect(told.fix).toBeNull();
    else expect(told.fix).toContain(fix);
  });
  it("has a case for every reason", () => {
    const known = vReason.members.map(({ value }) => value);
    expect([...new Set(cases.map(([, , reason]) => reason))].sort()).toEqual([...known].sort());
  });
  it("explains the message in front as well", () => {
    const told = explain(
      facts({
        message: { isHead: false },
        conversation: { state: "held" },
        lease: { worker: "w1", expiresAt: later, replyRecorded: false },
      }),
    );
    expect(told.behind).toMatchObject({ messageId: "first", reason: "in_flight" });
  });
  it("does not let a message that is not due wait behind another", () => {
    expect(explain(facts({ message: { status: "delayed", isHead: false } })).behind).toBeNull();
  });
});
