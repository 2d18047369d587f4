/** What people try who are signed in, or not: each class over every function that it makes sense for. */
import { z } from "zod";
import type { ErrorCode } from "../../../src/contract/errors.js";
import type { Random } from "../../faults/index.js";
import type { Origins } from "../requests.js";
import { answered, type Attempt, type Expected, type HostileCase, type Reply } from "../types.js";
import { argsOf, callAs, userFunctions, valuesOfBob, valuesOfMallory, type UserFunction } from "./calls.js";
import { laneCases } from "./lanes.js";
import { pairingCases } from "./pairing.js";
import type { UserStage } from "./stage.js";

/** Convex answers with 200 and the error's data. */
const refused = (code: ErrorCode): Expected => ({ status: 200, code });
/** No control may meet one of these. */
const REFUSALS: ReadonlySet<string | null> = new Set(["unauthorized", "not_your_data", "admin_required"]);

export function userCases(stage: UserStage, origins: Origins, exported: ReadonlySet<string>): HostileCase[] {
  return [
    ...tableCases(stage, origins, exported),
    ...addressCases(stage, origins),
    ...sharedCases(stage, origins),
    ...laneCases(stage, origins),
    ...pairingCases(stage, origins),
  ];
}

/** Every function, by somebody who is nobody, and by mallory about what is bob's. */
function tableCases(stage: UserStage, origins: Origins, exported: ReadonlySet<string>): HostileCase[] {
  const { bob, mallory, shut } = stage;
  const cases: HostileCase[] = [];
  for (const fn of userFunctions.filter(({ name }) => exported.has(name))) {
    const ofBob = argsOf(fn, valuesOfBob(stage));
    const add = (kind: string, code: ErrorCode, user: string | null, args: Record<string, unknown>) =>
      cases.push({
        ...plain(kind, fn, refused(code), () => callAs(stage, origins, user, fn, args)),
        damage: (reply) => Promise.resolve(leak(stage, reply)),
        control: (send) => ownerPasses(fn, () => send(callAs(stage, origins, bob.user, fn, ofBob))),
      });
    add("anonymous", "unauthorized", null, ofBob);
    if (fn.access === "admin") {
      add("userAsAdmin", "admin_required", mallory, ofBob);
      continue;
    }
    const foreign = (kind: string, names: string[], values: Record<string, unknown>) => {
      if (names.some((name) => name in fn.args))
        add(kind, "not_your_data", mallory, argsOf(fn, valuesOfMallory(stage, values)));
    };
    foreign("otherUser", ["consumerUserId"], { consumerUserId: bob.user });
    foreign("otherConversation", ["conversationId"], { conversationId: bob.conversationId });
    foreign("foreignAgent", ["agentKey"], { agentKey: shut.agentKey });
    foreign("foreignCompany", ["companyId"], { companyId: bob.workspace });
    if (!("consumerUserId" in fn.args)) foreign("foreignJob", ["jobId"], {});
    if (ABOUT_ALL_TENANTS.has(fn.name)) add("readsOfAllTenants", "not_your_data", mallory, unscoped(fn));
  }
  return cases;
}

const ABOUT_ALL_TENANTS = new Set(["secretStatus", "workerStats", "getRequiredSecretRefs"]);
const unscoped = (fn: UserFunction) => argsOf(fn, {});

/** Bob is let through where it is his; about an administrator's function he is told so. */
async function ownerPasses(fn: UserFunction, call: () => Promise<Reply>): Promise<string | null> {
  // It would take away what the other controls need.
  if (fn.name === "revokeUserAgentBinding") return null;
  const reply = await call();
  if (fn.access === "admin")
    return reply.code === "admin_required" ? null : `bob met ${reply.code ?? "no refusal"}`;
  const namesNobody = ["consumerUserId", "conversationId"].every((name) => !(name in fn.args));
  const needsAdmin = ABOUT_ALL_TENANTS.has(fn.name) && !("agentKey" in fn.args);
  if (needsAdmin || (namesNobody && "jobId" in fn.args)) return null;
  return REFUSALS.has(reply.code) || reply.status !== 200
    ? `bob met ${reply.status} ${reply.code ?? ""}`
    : null;
}

/** An answer with something of bob's. */
function leak({ canary }: UserStage, { value }: Reply): string | null {
  return JSON.stringify(value ?? null).includes(canary) ? "the answer shows what is bob's" : null;
}

const zItems = z.array(
  z.object({
    _id: z.string(),
    payload: z.object({
      provider: z.string(),
      providerUserId: z.string(),
      metadata: z.record(z.string(), z.string()),
    }),
  }),
);

/** Mallory writes in her own conversation, and says where the answer is to go. */
function addressCases(stage: UserStage, origins: Origins): HostileCase[] {
  const { bob, deployment, mallory, open } = stage;
  const chat = String(bob.chatId);
  const message = { conversationId: `user:${mallory}`, agentKey: open.agentKey, messageText: "hi" };
  const enqueue = { name: "enqueue", kind: "mutation" } as const;
  /** Whether the newest messages of a conversation would be answered in bob's chat. */
  const reaches = async (conversationId: string): Promise<string | null> => {
    const items = zItems.parse(
      await deployment.lib("listQueueItemsForConversation", { conversationId, limit: 5 }),
    );
    const hit = items.some(({ payload }) =>
      Object.values({ ...payload.metadata, to: payload.providerUserId }).includes(chat),
    );
    return hit ? "the answer would go to bob's chat" : null;
  };
  const one = (
    kind: string,
    said: { providerUserId: string; metadata?: Record<string, string>; rawUpdateJson?: string },
  ): HostileCase => ({
    ...plain(kind, enqueue, answered, () =>
      callAs(stage, origins, mallory, enqueue, { ...message, provider: "telegram", ...said }),
    ),
    damage: () => reaches(message.conversationId),
    // The same by the host, whose word counts: it has to be seen.
    control: async () => {
      const conversationId = `control-${kind}-${stage.serial()}`;
      const payload = { provider: "telegram", messageText: "hi", ...said };
      await deployment.lib("enqueue", { conversationId, agentKey: open.agentKey, payload });
      return (await reaches(conversationId)) === null ? "an answer to bob's chat is not seen" : null;
    },
  });
  return [
    one("foreignAddress", { providerUserId: chat }),
    one("foreignRouting", { providerUserId: mallory, metadata: { telegramChatId: chat } }),
    one("foreignRouting", {
      providerUserId: mallory,
      metadata: { telegramUserId: chat, telegramThreadId: chat },
    }),
  ];
}

/** What all users share, and what mallory could take from it. */
function sharedCases(stage: UserStage, origins: Origins): HostileCase[] {
  const { bob, mallory, namesake, open, shut } = stage;
  const enqueue = { name: "enqueue", kind: "mutation" } as const;
  const importToken = { name: "importTelegramTokenForAgent", kind: "mutation" } as const;
  const settings = { name: "getProviderRuntimeConfig", kind: "query" } as const;
  const owned = { name: "updatePushJobForAgent", kind: "mutation" } as const;
  const write = (key: string) => ({
    conversationId: `user:${mallory}`,
    agentKey: open.agentKey,
    provider: "app",
    providerUserId: mallory,
    messageText: "hi",
    idempotencyKey: key,
  });
  const settingsCase: HostileCase = {
    ...plain("providerSettings", settings, answered, () => callAs(stage, origins, mallory, settings, {})),
    damage: (reply) => Promise.resolve(leak(stage, reply)),
    control: async () => {
      const value = await stage.deployment.lib("providerRuntimeConfig");
      return leak(stage, { value } as Reply) === null ? "the host does not see its own settings" : null;
    },
  };
  return [
    // Whose provider settings a given deployment has is its own affair.
    ...(stage.deployment.own ? [settingsCase] : []),
    {
      // `user:mallory` + `x:k` is not `user:mallory:x` + `k`.
      ...plain("swallowedKey", enqueue, answered, () =>
        callAs(stage, origins, mallory, enqueue, write("x:k")),
      ),
      damage: ({ value }) =>
        Promise.resolve(value === namesake.messageId ? "mallory got another user's message" : null),
      control: async (send) => {
        const own = { ...write("k"), conversationId: `user:${namesake.user}` };
        const { value } = await send(callAs(stage, origins, namesake.user, enqueue, own));
        return value === namesake.messageId ? null : "the key's own user does not get the message again";
      },
    },
    {
      // Mallory has a code for the agent, made by herself.
      ...plain("botHijack", importToken, refused("not_your_data"), (random) =>
        callAs(stage, origins, mallory, importToken, {
          consumerUserId: mallory,
          agentKey: open.agentKey,
          plaintextValue: `${Math.floor(random() * 1e9) + 1}:${"E".repeat(35)}`,
        }),
      ),
      control: async (send) => {
        const empty = { consumerUserId: bob.user, agentKey: shut.agentKey, plaintextValue: " " };
        const { code } = await send(callAs(stage, origins, bob.user, importToken, empty));
        return code === "secret_empty" ? null : `bob, whose agent it is, met ${code ?? "no refusal"}`;
      },
    },
    {
      ...plain("foreignJob", owned, { status: 200, refusedBy: (value) => value === false }, () =>
        callAs(stage, origins, mallory, owned, {
          consumerUserId: mallory,
          agentKey: open.agentKey,
          jobId: bob.jobId,
          title: "mine",
        }),
      ),
      control: async (send) => {
        const fn = { name: "listPushJobsForUser", kind: "query" } as const;
        const { value } = await send(callAs(stage, origins, bob.user, fn, { consumerUserId: bob.user }));
        return leak(stage, { value } as Reply) === null ? "bob does not see his job" : null;
      },
    },
  ];
}

function plain(
  kind: string,
  { name }: Pick<UserFunction, "name">,
  expected: Expected,
  build: (random: Random) => Attempt,
): HostileCase {
  return { kind, door: "api", label: `${kind} example/${name}`, build, expected, target: null };
}
