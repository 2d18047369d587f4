import type { UserIdentity } from "convex/server";
import { describe, expect, it } from "vitest";
import { errorDataOf } from "../../contract/errors.js";
import type { AuthContext, AuthOperation } from "../auth.js";
import { adminsByIdentifier, allowAdmins, ownDataOnly, type ConversationOwner } from "../index.js";

const person = (subject: string) => ({
  subject,
  issuer: "https://id",
  tokenIdentifier: `https://id|${subject}`,
});
const as = (identity: UserIdentity | null): AuthContext => ({
  auth: { getUserIdentity: () => Promise.resolve(identity) },
  runQuery: () => Promise.reject(new Error("no queries here")),
});
const alice = as(person("alice"));
const root = as(person("root"));
const nobody = as(null);

const operation = (fields: Partial<AuthOperation>): AuthOperation => ({
  type: "read",
  name: "op",
  access: "read",
  ...fields,
});
const write = (fields: Partial<AuthOperation> = {}) =>
  operation({ type: "write", access: "write", ...fields });
const codeOf = async (work: Promise<unknown>) =>
  errorDataOf(
    await work.then(
      () => null,
      (thrown: unknown) => thrown,
    ),
  )?.code;

describe("ownDataOnly", () => {
  const policy = ownDataOnly();

  it.each([
    operation({}),
    operation({ consumerUserId: "alice" }),
    operation({ conversationId: "user:alice" }),
    write({ conversationId: "user:alice" }),
    write({ consumerUserId: "alice", conversationId: "user:alice" }),
    operation({ consumerUserId: "alice", jobId: "j" }),
  ])("lets a user do $type $consumerUserId $conversationId", async (own) => {
    expect(await policy(alice, own)).toBe("alice");
  });

  it.each([
    operation({ consumerUserId: "bob" }),
    operation({ consumerUserId: "" }),
    operation({ conversationId: "user:bob" }),
    operation({ conversationId: "user:alice:2" }),
    operation({ conversationId: "telegram:1" }),
    operation({ agentKey: "a" }),
    operation({ workspace: "w" }),
    operation({ name: "secretStatus" }),
    operation({ name: "workerStats" }),
    operation({ name: "getRequiredSecretRefs" }),
    write({ consumerUserId: "alice", agentKey: "a" }),
    write({ conversationId: "user:alice", agentKey: "a" }),
    write({ consumerUserId: "alice", workspace: "w" }),
    operation({ messageId: "m" }),
    operation({ jobId: "j" }),
    operation({ workerId: "w" }),
    write(),
    write({ agentKey: "a" }),
    write({ jobId: "j" }),
    write({ workspace: "w" }),
    write({ consumerUserId: "bob" }),
    write({ consumerUserId: "alice", conversationId: "user:bob" }),
    write({ consumerUserId: "bob", conversationId: "user:alice" }),
  ])("refuses what is or may be another's: %j", async (foreign) => {
    expect(await codeOf(policy(alice, foreign))).toBe("not_your_data");
  });

  it("refuses strangers, and lets workers and cron jobs through", async () => {
    expect(await codeOf(policy(nobody, operation({})))).toBe("unauthorized");
    for (const access of ["worker", "system"] as const) {
      expect(await policy(nobody, write({ access, workerId: "w" }))).toBe(access);
    }
  });

  it("grants no administrative operation", async () => {
    expect(await policy(alice, write({ access: "admin" }))).toBe("alice");
  });

  it("asks the app about other conversations, never about a user's own", async () => {
    const asked: unknown[] = [];
    const ownsConversation: ConversationOwner = (_ctx, question) => {
      asked.push(question);
      return Promise.resolve(question.conversationId === "telegram:1");
    };
    const looking = ownDataOnly({ ownsConversation });
    expect(await looking(alice, operation({ conversationId: "telegram:1" }))).toBe("alice");
    expect(await codeOf(looking(alice, operation({ conversationId: "telegram:2" })))).toBe("not_your_data");
    expect(await looking(alice, operation({ conversationId: "user:alice" }))).toBe("alice");
    expect(asked).toEqual([
      { userId: "alice", conversationId: "telegram:1" },
      { userId: "alice", conversationId: "telegram:2" },
    ]);
  });

  it("asks the app about every agent and workspace, and says what for", async () => {
    const asked: unknown[] = [];
    const asking = ownDataOnly({
      ownsAgent: (_ctx, question) => {
        asked.push(question);
        return Promise.resolve(question.agentKey === "open" && question.use !== "manage");
      },
      ownsWorkspace: (_ctx, { workspace }) => Promise.resolve(workspace === "acme"),
    });
    const mine = { consumerUserId: "alice", workspace: "acme" };
    expect(await asking(alice, operation({ ...mine, agentKey: "open" }))).toBe("alice");
    expect(await asking(alice, write({ ...mine, agentKey: "open" }))).toBe("alice");
    expect(await codeOf(asking(alice, write({ ...mine, agentKey: "open", agentUse: "manage" })))).toBe(
      "not_your_data",
    );
    expect(await codeOf(asking(alice, operation({ ...mine, agentKey: "shut" })))).toBe("not_your_data");
    expect(await codeOf(asking(alice, operation({ ...mine, workspace: "other" })))).toBe("not_your_data");
    expect(asked).toEqual([
      { userId: "alice", agentKey: "open", use: "read" },
      { userId: "alice", agentKey: "open", use: "use" },
      { userId: "alice", agentKey: "open", use: "manage" },
      { userId: "alice", agentKey: "shut", use: "read" },
    ]);
  });

  it("does not take another user's later conversation for the first one of a user named like it", async () => {
    const odd = as(person("alice:g2"));
    expect(await codeOf(policy(odd, operation({ conversationId: "user:alice:g2" })))).toBe("not_your_data");
  });

  it("names users as the app does", async () => {
    const byIssuer = ownDataOnly({ userId: ({ tokenIdentifier }) => tokenIdentifier });
    const own = operation({ consumerUserId: "https://id|alice", conversationId: "user:https://id|alice" });
    expect(await byIssuer(alice, own)).toBe("https://id|alice");
    expect(await codeOf(byIssuer(alice, operation({ consumerUserId: "alice" })))).toBe("not_your_data");
  });
});

describe("administrators", () => {
  it("may do everything, everybody else what the policy says", async () => {
    const policy = allowAdmins(["https://id|root"], ownDataOnly());
    expect(await policy(root, write({ access: "admin" }))).toEqual({ userId: "root", grant: "admin" });
    expect(await policy(root, operation({ consumerUserId: "bob" }))).toMatchObject({ grant: "admin" });
    expect(await policy(alice, operation({ consumerUserId: "alice" }))).toBe("alice");
    expect(await codeOf(policy(alice, operation({ consumerUserId: "bob" })))).toBe("not_your_data");
    expect(await codeOf(policy(nobody, operation({})))).toBe("unauthorized");
    // A subject is no token identifier: another issuer's `root` is somebody else.
    const other = as({ ...person("root"), issuer: "https://other", tokenIdentifier: "https://other|root" });
    expect(await policy(other, operation({}))).toBe("root");
  });

  it("have their arguments count in system calls, which everybody may make; workers are their tokens", async () => {
    const policy = allowAdmins(["https://id|root"], ownDataOnly());
    for (const access of ["worker", "system"] as const) {
      expect(await policy(nobody, write({ access }))).toBe(access);
      expect(await policy(alice, write({ access }))).toBe(access);
    }
    expect(await policy(root, write({ access: "system" }))).toEqual({ userId: "root", grant: "admin" });
    expect(await policy(root, write({ access: "worker" }))).toBe("worker");
  });

  it("can be a question to the app", async () => {
    const policy = allowAdmins(
      async ({ subject }, ctx) => ctx === root && subject === "root",
      ownDataOnly(),
      { userId: ({ subject }) => `id-${subject}` },
    );
    expect(await policy(root, operation({}))).toEqual({ userId: "id-root", grant: "admin" });
    expect(await policy(alice, operation({}))).toBe("alice");
  });

  it("alone are let in by adminsByIdentifier", async () => {
    const policy = adminsByIdentifier(["https://id|root"]);
    expect(await policy(root, write({ access: "admin" }))).toEqual({ userId: "root", grant: "admin" });
    expect(await codeOf(policy(alice, operation({})))).toBe("unauthorized");
    expect(await codeOf(policy(nobody, operation({})))).toBe("unauthorized");
    expect(await policy(nobody, write({ access: "worker" }))).toBe("worker");
  });
});
