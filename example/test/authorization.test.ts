/** Who gets what in this app, over the real component. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { errorDataOf } from "@okrlinkhub/agent-factory";
import { api, internal } from "../convex/_generated/api.js";
import { setup, type T } from "./http.fixture.js";

const issuer = "https://id.example";
const as = (t: T, subject: string) =>
  t.withIdentity({ subject, issuer, tokenIdentifier: `${issuer}|${subject}` });
const { example } = api;

let t: T;
beforeEach(async () => {
  vi.stubEnv("ADMIN_TOKEN_IDENTIFIERS", ` ${issuer}|root , ${issuer}|second`);
  t = setup();
  await t.mutation(internal.operator.configureAgent, {
    agentKey: "default",
    version: "1.0.0",
    secretsRef: [],
    enabled: true,
  });
});
afterEach(() => vi.unstubAllEnvs());

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return errorDataOf(error)?.code;
}
const message = (conversationId: string) => ({
  conversationId,
  agentKey: "default",
  provider: "app",
  providerUserId: "u",
  messageText: "hi",
});
const read = (conversationId: string) => ({ conversationId });
const provider = {
  kind: "fly" as const,
  appName: "a",
  organizationSlug: "o",
  image: "registry.evil/image",
  region: "r",
  volumeName: "v",
  volumePath: "/v",
  volumeSizeGb: 1,
};

/** Lines in the audit log, sealed or not yet. */
async function acts(): Promise<number> {
  const { head, unsealed } = await t.query(internal.operator.auditHead, {});
  return head.seq + unsealed;
}

describe("users", () => {
  it("write and read in their own conversation and in nobody else's", async () => {
    const alice = as(t, "alice");
    await alice.mutation(example.enqueue, message("user:alice"));
    expect(await alice.query(example.listQueueItemsForConversation, read("user:alice"))).toHaveLength(1);
    const bob = as(t, "bob");
    expect(await codeOf(bob.mutation(example.enqueue, message("user:alice")))).toBe("not_your_data");
    expect(await codeOf(bob.query(example.listQueueItemsForConversation, read("user:alice")))).toBe(
      "not_your_data",
    );
    expect(await codeOf(t.mutation(example.enqueue, message("user:alice")))).toBe("unauthorized");
    expect(await alice.query(example.listQueueItemsForConversation, read("user:alice"))).toHaveLength(1);
  });

  it("reach the conversation of their binding, whoever wrote in it", async () => {
    const binding = {
      agentKey: "default",
      consumerUserId: "alice",
      telegramChatId: "77",
      telegramUserId: "77",
    };
    await t.mutation(internal.operator.bindUserAgent, binding);
    const views = await t.query(internal.operator.listUserAgents, { consumerUserId: "alice" });
    const conversationId = views[0]?.conversationId ?? "";
    expect(conversationId).not.toBe("");
    expect(await as(t, "alice").query(example.listQueueItemsForConversation, read(conversationId))).toEqual(
      [],
    );
    for (const [who, id] of [
      ["bob", conversationId],
      ["alice", "telegram:78"],
    ] as const) {
      expect(await codeOf(as(t, who).query(example.listQueueItemsForConversation, read(id)))).toBe(
        "not_your_data",
      );
    }
  });

  describe("of one tenant, about an agent of another", () => {
    const acme = { agentKey: "payroll", version: "1", secretsRef: [], enabled: true, workspace: "acme" };
    const pair = (consumerUserId: string) => ({ consumerUserId, agentKey: "payroll" });
    const refusals = async (who: string) => {
      const user = as(t, who);
      const token = `1:${"E".repeat(35)}`;
      return await Promise.all(
        [
          user.mutation(example.enqueue, { ...message(`user:${who}`), agentKey: "payroll" }),
          user.mutation(example.createUserAgentPairing, pair(who)),
          user.query(example.getUserAgent, pair(who)),
          user.query(example.listPushTemplatesByCompany, { companyId: "acme" }),
          user.mutation(example.importTelegramTokenForAgent, { ...pair(who), plaintextValue: token }),
        ].map(codeOf),
      );
    };
    const no = "not_your_data";

    it("are refused, until the host binds them; then they use it, and the bot is theirs to bring", async () => {
      await t.mutation(internal.operator.configureAgent, acme);
      expect(await refusals("mallory")).toEqual([no, no, no, no, no]);
      await t.mutation(internal.operator.bindUserAgent, pair("alice"));
      expect(await refusals("alice")).toEqual([undefined, undefined, undefined, undefined, undefined]);
      await as(t, "alice").mutation(example.revokeUserAgentBinding, { consumerUserId: "alice" });
      // What was theirs stays readable.
      expect(await refusals("alice")).toEqual([no, no, undefined, no, no]);
    });
    it("use one that is open to all, and bring no bot for it", async () => {
      const alice = as(t, "alice");
      const own = { consumerUserId: "alice", agentKey: "default" };
      await alice.mutation(example.createUserAgentPairing, own);
      const bot = { ...own, plaintextValue: `1:${"E".repeat(35)}` };
      expect(await codeOf(alice.mutation(example.importTelegramTokenForAgent, bot))).toBe(no);
    });
    it("have idempotency keys of their own, however they are written", async () => {
      const first = await as(t, "a").mutation(example.enqueue, {
        ...message("user:a"),
        idempotencyKey: "b:c",
      });
      const other = as(t, "a:b").mutation(example.enqueue, { ...message("user:a:b"), idempotencyKey: "c" });
      expect(await other).not.toBe(first);
    });
  });

  it("cannot administer, nor choose what machines run", async () => {
    const alice = as(t, "alice");
    expect(await codeOf(alice.mutation(example.seedDefaultAgent, {}))).toBe("admin_required");
    await alice.mutation(example.enqueue, { ...message("user:alice"), providerConfig: provider });
    expect(await t.query(internal.operator.getProviderRuntimeConfig, {})).toBeNull();
  });
});

describe("administrators", () => {
  it("do everything, and what they change is written down with their name", async () => {
    await as(t, "root").mutation(example.seedDefaultAgent, {});
    expect(await as(t, "second").query(example.listDeadLetters, {})).toBeDefined();
    await t.mutation(internal.operator.seedDefaultAgent, {});
    // The profile of `beforeEach`, and the two seedings.
    expect(await acts()).toBe(3);
  });

  it("leave no trace of what was refused", async () => {
    await codeOf(as(t, "alice").mutation(example.seedDefaultAgent, {}));
    expect(await acts()).toBe(1);
  });
});
