/**
 * Every exposed function by every role: somebody who is not signed in, a user, an administrator, the operator. What each may
 * follows from the row. A user is called with one thing of another tenant's at a time: none reaches the component, but for
 * the arguments below, each with what stands behind it.
 */
import type { GenericValidator } from "convex/values";
import { describe, expect, it } from "vitest";
import type { ComponentApi } from "../../component/_generated/component.js";
import { errorDataOf } from "../../contract/errors.js";
import { exposeApi, exposeOperatorApi } from "../exposeApi.js";
import { allowAdmins } from "../policies/admins.js";
import { ownDataOnly } from "../policies/ownData.js";
import { rows, stepsOf } from "./forward.js";
import type { SurfaceRow } from "./row.js";

/** What people write: nobody's name, whatever it says. */
const PROSE = ["messageText", "content", "title", "text", "timezone", "schedule"];
/** Names that reach the component, which then goes by `mark` or refuses what is not of the user, agent or company beside it. */
const JUDGED_BY_THE_COMPONENT: Record<string, { args: string[]; mark?: Record<string, unknown> }> = {
  // It puts the user's own binding in place of these.
  enqueue: {
    args: ["provider", "providerUserId", "externalMessageId", "rawUpdateJson", "metadata", "idempotencyKey"],
    mark: { asUser: "ben" },
  },
  sendMessageToUserAgent: { args: ["metadata"], mark: { saidByUser: true } },
  // Whoever manages the agent gives it a bot.
  importTelegramTokenForAgent: { args: ["plaintextValue", "metadata"] },
  // Whoever has the code was given it.
  getPairingCodeStatus: { args: ["code"] },
  createPushJobFromTemplate: { args: ["templateId"] },
  createPushJobFromTemplateForAgent: { args: ["templateId"] },
  updatePushJobForAgent: { args: ["jobId"] },
  triggerPushJobNowForAgent: { args: ["jobId"] },
};
/** Functions whose answer is about the app, and names nobody. */
const ABOUT_THE_APP = [
  "queueStats",
  "getMessageRuntimeConfig",
  "policies",
  "getProviderOperationalReadiness",
  "globalSkillsList",
  "getProviderRuntimeConfig",
];
/** Of no user by its arguments, or of all of them: for administrators, whatever the class says. */
const NOT_FOR_USERS = [
  "secretStatus",
  "workerStats",
  "updatePushJob",
  "deletePushJob",
  "setPushJobEnabled",
  "triggerPushJobNow",
  "listPushDispatchesByJob",
];
/** What everybody may say to upkeep: how much of it is done, and for whom. */
const SAID_TO_UPKEEP = ["limit", "releaseLimit", "workspaceId"];

const component = { lib: new Proxy({}, { get: (_, name) => name }) } as unknown as ComponentApi;
const isBens = (thing: string) => Promise.resolve(thing.startsWith("ben "));
const auth = allowAdmins(
  ["id|root"],
  ownDataOnly({
    ownsConversation: (_ctx, { conversationId }) => isBens(conversationId),
    ownsAgent: (_ctx, { agentKey }) => isBens(agentKey),
    ownsWorkspace: (_ctx, { workspace }) => isBens(workspace),
  }),
);
const api = exposeApi(component, { auth }) as Record<string, unknown>;
const operatorApi = exposeOperatorApi(component) as Record<string, unknown>;
const rowOf = (name: string) => rows[name] as SurfaceRow;

type Args = Record<string, unknown>;

/** What reached the component when `subject` called, and the code of the refusal. */
async function call(registered: unknown, subject: string | null, args: Args) {
  const reached: { fn: string; args: Args }[] = [];
  const run = (fn: string, given: Args) => {
    if (fn !== "recordAdminOperation") reached.push({ fn, args: given });
    return Promise.resolve(null);
  };
  const identity = subject === null ? null : { subject, issuer: "id", tokenIdentifier: `id|${subject}` };
  const getUserIdentity = () => Promise.resolve(identity);
  const ctx = { auth: { getUserIdentity }, runQuery: run, runMutation: run, runAction: run };
  const { _handler } = registered as { _handler: (ctx: unknown, args: Args) => Promise<unknown> };
  const refusal: unknown = await _handler(ctx, args).then(
    () => null,
    (thrown: unknown) => errorDataOf(thrown)?.code ?? thrown,
  );
  return { refusal, reached, said: JSON.stringify(reached) };
}
type Called = Awaited<ReturnType<typeof call>>;
const refusedWith = (refusal: string) => ({ refusal, reached: [] });
const stepsIn = ({ reached }: Called) => reached.map(({ fn }) => fn);
const stepsFor = (name: string) => stepsOf(rowOf(name)).map(({ fn }) => fn);

/** The handler sees what a validator has let through; words do for every type. */
const thingOf = (whose: string, arg: string) => (arg === "consumerUserId" ? whose : `${whose} ${arg}`);
const argsOf = (name: string, whose: string): Args =>
  Object.fromEntries(Object.keys(rowOf(name).args).map((arg) => [arg, thingOf(whose, arg)]));
const without = (args: Args, dropped: readonly string[]): Args =>
  Object.fromEntries(Object.entries(args).filter(([arg]) => !dropped.includes(arg)));

/** Whether a value can hold a name; numbers and literals cannot. */
function canName(of: GenericValidator): boolean {
  const { kind, members, fields, element } = of as GenericValidator & {
    members?: GenericValidator[];
    fields?: Record<string, GenericValidator>;
    element?: GenericValidator;
  };
  const inner = members ?? (fields && Object.values(fields)) ?? (element && [element]);
  return inner ? inner.some(canName) : !["float64", "int64", "boolean", "literal", "null"].includes(kind);
}

const all = Object.keys(api);
const forUsers = all.filter((name) => ["read", "write"].includes(rowOf(name).access));
const admins = all.filter((name) => rowOf(name).access === "admin");
const workers = all.filter((name) => rowOf(name).access === "worker");
const upkeep = all.filter((name) => rowOf(name).access === "system");

it("the tables name functions that users may call", () => {
  const named = [...Object.keys(JUDGED_BY_THE_COMPONENT), ...ABOUT_THE_APP, ...NOT_FOR_USERS];
  expect(named.filter((name) => !forUsers.includes(name))).toEqual([]);
});

describe("somebody who is not signed in", () => {
  it.each([...forUsers, ...admins])("is refused %s", async (name) => {
    expect(await call(api[name], null, argsOf(name, "ann"))).toMatchObject(refusedWith("unauthorized"));
  });
});

describe.each(forUsers)("a user at %s", (name) => {
  const row = rowOf(name);
  const own = argsOf(name, "ben");
  const isRefused = NOT_FOR_USERS.includes(name);

  it("is let in with their own things", async () => {
    const called = await call(api[name], "ben", own);
    if (isRefused) return expect(called).toMatchObject(refusedWith("not_your_data"));
    expect(called.refusal).toBe(null);
    expect(stepsIn(called)).toEqual(stepsFor(name));
  });

  it("brings no name of another tenant's to the component", async () => {
    const { args: judged, mark = {} } = JUDGED_BY_THE_COMPONENT[name] ?? { args: [] };
    const brought: string[] = [];
    for (const arg of Object.keys(row.args)) {
      const called = await call(api[name], "ben", { ...own, [arg]: thingOf("ann", arg) });
      if (called.refusal !== null) expect(called).toMatchObject(refusedWith("not_your_data"));
      else expect(called.reached).toMatchObject([{ args: mark }]);
      const validator = row.args[arg];
      if (/\bann\b/.test(called.said) && validator && canName(validator)) brought.push(arg);
    }
    expect(brought.filter((arg) => !PROSE.includes(arg)).sort()).toEqual([...judged].sort());
  });

  it("asks about nobody only where the answer is about the app", async () => {
    const optional = Object.keys(row.args).filter((arg) => row.args[arg]?.isOptional === "optional");
    const askedAboutNobody: Called[] = [];
    for (const dropped of [optional, ...optional.map((arg) => [arg])]) {
      const called = await call(api[name], "ben", without(own, dropped));
      if (called.refusal === null && !called.said.includes('"ben')) askedAboutNobody.push(called);
    }
    expect(askedAboutNobody.length > 0).toBe(ABOUT_THE_APP.includes(name));
  });
});

it.each(admins)("a user is refused %s, an administrator is not", async (name) => {
  expect(await call(api[name], "ben", argsOf(name, "ben"))).toMatchObject(refusedWith("admin_required"));
  expect(stepsIn(await call(api[name], "root", argsOf(name, "ann")))).toEqual(stepsFor(name));
});

it.each(forUsers)("an administrator does %s for any tenant", async (name) => {
  const called = await call(api[name], "root", argsOf(name, "ann"));
  expect(stepsIn(called)).toEqual(stepsFor(name));
  expect(called.said).not.toContain("root");
});

it.each(workers)("whoever they are, people without a worker's token are refused %s", async (name) => {
  const args = without(argsOf(name, "ann"), ["workerToken"]);
  for (const subject of [null, "ben", "root"])
    expect(await call(api[name], subject, args)).toMatchObject(refusedWith("worker_token_required"));
});

it.each(upkeep)("everybody may have %s done, and only an administrator say what it costs", async (name) => {
  const args = argsOf(name, "ann");
  for (const subject of [null, "ben"]) {
    const called = await call(api[name], subject, args);
    expect(stepsIn(called)).toEqual(stepsFor(name));
    const said = [...called.said.matchAll(/\bann (\w+)/g)].map(([, arg]) => arg);
    expect(said.filter((arg) => arg === undefined || !SAID_TO_UPKEEP.includes(arg))).toEqual([]);
  }
  expect(stepsIn(await call(api[name], "root", args))).toEqual(stepsFor(name));
});

it.each(Object.keys(operatorApi))(
  "the operator does %s for any tenant, and signs in nowhere",
  async (name) => {
    expect(stepsIn(await call(operatorApi[name], null, argsOf(name, "ann")))).toEqual(stepsFor(name));
  },
);
