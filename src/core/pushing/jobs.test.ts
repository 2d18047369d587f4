import { describe, expect, it, vi } from "vitest";
import { bind, daily, queued, unbind } from "../../../test/component/people.js";
import { START, useWorld } from "../../../test/component/world.js";

const world = useWorld();
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const template = (fields: object = {}) =>
  world.t.mutation(world.lib.createPushTemplate, {
    companyId: "acme",
    templateKey: "morning",
    title: "Morning",
    text: "good morning",
    periodicity: "daily",
    suggestedTimes: [{ kind: "daily", time: "09:00" }],
    actorUserId: "boss",
    ...fields,
  });
const fromTemplate = (templateId: string, fields: object = {}) =>
  world.t.mutation(world.lib.createPushJobFromTemplate, {
    companyId: "acme",
    consumerUserId: "u1",
    templateId,
    timezone: "Europe/Rome",
    ...fields,
  });
const custom = (fields: object = {}) =>
  world.t.mutation(world.lib.createPushJobCustom, {
    companyId: "acme",
    consumerUserId: "u1",
    title: "T",
    text: "x",
    periodicity: "weekly",
    timezone: "Europe/Rome",
    schedule: { kind: "weekly", weekday: 3, time: "09:00" },
    ...fields,
  });
const jobs = (consumerUserId = "u1", fields: object = {}) =>
  world.t.query(world.lib.listPushJobsForUser, { consumerUserId, ...fields });

describe("templates", () => {
  it.each([
    [{ periodicity: "manual" }, "Manual template does not accept suggested times"],
    [{ periodicity: "weekly" }, "All suggested times must match template periodicity"],
    [{ suggestedTimes: [{ kind: "daily", time: "9:00" }] }, "Invalid time '9:00', expected HH:mm"],
    [{ suggestedTimes: [{ kind: "daily", time: "24:00" }] }, "Invalid time '24:00', expected HH:mm"],
    [
      { periodicity: "weekly", suggestedTimes: [{ kind: "weekly", weekday: 0, time: "09:00" }] },
      "Weekly schedule weekday must be in range 1..7",
    ],
    [
      { periodicity: "monthly", suggestedTimes: [{ kind: "monthly", dayOfMonth: 32, time: "09:00" }] },
      "Monthly schedule dayOfMonth must be 1..31 or 'last'",
    ],
    [{ text: " " }, "text must not be blank"],
  ])("refuses %j", async (fields, message) => {
    await expect(template(fields)).rejects.toThrow(message);
  });

  it("takes a key once per company, and lists the newest update first", async () => {
    const first = await template();
    await expect(template()).rejects.toThrow("Template key 'morning' already exists for company");
    await template({ companyId: "other" });
    await world.pass(1_000, 1_000);
    const second = await template({ templateKey: "b" });
    await world.pass(1_000, 1_000);
    const update = { templateId: first, text: "hello", actorUserId: "clerk" };
    expect(await world.t.mutation(world.lib.updatePushTemplate, update)).toBe(true);
    const list = (fields: object = {}) =>
      world.t.query(world.lib.listPushTemplatesByCompany, { companyId: "acme", ...fields });
    expect((await list()).map((row) => [row._id, row.text, row.createdBy, row.updatedBy])).toEqual([
      [first, "hello", "boss", "clerk"],
      [second, "good morning", "boss", "boss"],
    ]);
    await world.t.mutation(world.lib.updatePushTemplate, {
      templateId: second,
      enabled: false,
      actorUserId: "x",
    });
    expect(await list()).toHaveLength(1);
    expect(await list({ includeDisabled: true })).toHaveLength(2);
    expect(await list({ includeDisabled: true, limit: 1 })).toHaveLength(1);
    const wrong = { templateId: first, periodicity: "weekly" as const, actorUserId: "x" };
    await expect(world.t.mutation(world.lib.updatePushTemplate, wrong)).rejects.toThrow(
      "All suggested times must match template periodicity",
    );
    expect(await world.t.mutation(world.lib.deletePushTemplate, { templateId: first })).toBe(true);
    expect(await world.t.mutation(world.lib.deletePushTemplate, { templateId: first })).toBe(false);
    expect(
      await world.t.mutation(world.lib.updatePushTemplate, { templateId: "none", actorUserId: "x" }),
    ).toBe(false);
  });
});

describe("jobs", () => {
  it.each([
    [{ timezone: " " }, "Timezone is required"],
    [{ timezone: "Mars/Olympus" }, "Invalid timezone 'Mars/Olympus'"],
    [{ schedule: { kind: "daily", time: "09:00" } }, "Schedule kind must match periodicity"],
    [{ schedule: { kind: "manual" } }, "Schedule kind must match periodicity"],
    [{ schedule: { kind: "weekly", weekday: 1, time: "9h" } }, "Invalid time '9h', expected HH:mm"],
    [
      { schedule: { kind: "weekly", weekday: 8, time: "09:00" } },
      "Weekly schedule weekday must be in range 1..7",
    ],
    [{ consumerUserId: "" }, "consumerUserId must not be blank"],
    [{ title: "x".repeat(1_025) }, "title may have at most 1024 bytes"],
  ])("refuses %j", async (fields, message) => {
    await expect(custom(fields)).rejects.toThrow(message);
    expect(await jobs()).toEqual([]);
  });

  it("are made from a template of the same company, with its first suggested time", async () => {
    const id = await template();
    await expect(fromTemplate("none")).rejects.toThrow("Template not found");
    await expect(fromTemplate(id, { companyId: "other" })).rejects.toThrow("Template company mismatch");
    await expect(fromTemplate(id, { schedule: { kind: "manual" } })).rejects.toThrow(
      "Schedule kind must match periodicity",
    );
    const none = await template({ templateKey: "none", suggestedTimes: [] });
    await expect(fromTemplate(none)).rejects.toThrow("Schedule is required for non-manual template");
    await fromTemplate(id);
    expect(await jobs()).toMatchObject([
      {
        agentKey: null,
        sourceTemplateId: id,
        text: "good morning",
        schedule: { kind: "daily", time: "09:00" },
        missedRunPolicy: "run_once",
        // 09:00 in Rome on the first of January 2030.
        nextRunAt: START + 8 * HOUR_MS,
        lastRunAt: null,
        lastRunKey: null,
      },
    ]);
    const manual = await template({ templateKey: "m", periodicity: "manual", suggestedTimes: [] });
    const job = await fromTemplate(manual, {
      consumerUserId: "u2",
      schedule: { kind: "daily", time: "09:00" },
    });
    expect(await jobs("u2")).toMatchObject([{ _id: job, schedule: { kind: "manual" }, nextRunAt: null }]);
  });

  it("reckon their next run from now when they change, and have none while disabled or manual", async () => {
    const jobId = await custom();
    const next = async () => (await jobs())[0]?.nextRunAt;
    expect(await next()).toBe(Date.UTC(2030, 0, 2, 8));
    const change = (fields: object) => world.t.mutation(world.lib.updatePushJob, { jobId, ...fields });
    await change({ timezone: "America/New_York" });
    expect(await next()).toBe(Date.UTC(2030, 0, 2, 14));
    await expect(change({ periodicity: "monthly" })).rejects.toThrow("Schedule kind must match periodicity");
    await change({
      periodicity: "monthly",
      schedule: { kind: "monthly", dayOfMonth: "last", time: "00:00" },
    });
    expect(await next()).toBe(Date.UTC(2030, 0, 31, 5));
    await change({ periodicity: "manual" });
    expect(await next()).toBeNull();
    await change({ periodicity: "daily", schedule: { kind: "daily", time: "12:00" } });
    expect(await world.t.mutation(world.lib.setPushJobEnabled, { jobId, enabled: false })).toBe(true);
    expect(await next()).toBeNull();
    expect(await jobs("u1", { includeDisabled: false })).toEqual([]);
    await world.t.mutation(world.lib.setPushJobEnabled, { jobId, enabled: true });
    expect(await next()).toBe(Date.UTC(2030, 0, 1, 17));
    expect(await world.t.mutation(world.lib.deletePushJob, { jobId })).toBe(true);
    expect(await world.t.mutation(world.lib.deletePushJob, { jobId })).toBe(false);
    expect(await world.t.mutation(world.lib.updatePushJob, { jobId, title: "x" })).toBe(false);
    expect(await world.t.mutation(world.lib.setPushJobEnabled, { jobId: "none", enabled: true })).toBe(false);
    // The timers of the slots that were given up find nothing to do.
    await world.pass(DAY_MS, HOUR_MS);
    expect(await queued(world)).toEqual([]);
  });
});

describe("trigger", () => {
  const trigger = (jobId: string) => world.t.mutation(world.lib.triggerPushJobNow, { jobId });

  it("sends to the active binding's chat, even when the job is disabled, and leaves the schedule alone", async () => {
    await bind(world, "u1");
    const jobId = await daily(world, "u1");
    const before = (await jobs())[0]!.nextRunAt;
    const { enqueuedMessageId, runKey } = await trigger(jobId);
    expect(runKey).toBe(`manual:${jobId}:${START}`);
    const [message] = await queued(world);
    expect(message?._id).toBe(enqueuedMessageId);
    expect(message?.payload).toMatchObject({
      provider: "telegram",
      providerUserId: "tg-u1",
      messageText: "good morning",
      metadata: {
        pushJobId: jobId,
        runKey,
        pushMode: "manual",
        conversationTargetSource: "telegram_chat",
        telegramChatId: "chat-u1",
        telegramUserId: "tg-u1",
      },
    });
    expect(await jobs()).toMatchObject([{ nextRunAt: before, lastRunAt: START, lastRunKey: runKey }]);
    expect(await trigger(jobId)).toEqual({ enqueuedMessageId, runKey });
    expect(await world.t.query(world.lib.listPushDispatchesByJob, { jobId })).toHaveLength(1);
    await world.t.mutation(world.lib.setPushJobEnabled, { jobId, enabled: false });
    vi.advanceTimersByTime(1);
    await trigger(jobId);
    expect(await queued(world)).toHaveLength(2);
  });

  it("uses the job's agent without a chat after the binding was revoked, and fails without any agent", async () => {
    await bind(world, "u1");
    const bound = await daily(world, "u1");
    const unbound = await daily(world, "u2");
    await unbind(world, "u1");
    await trigger(bound);
    expect((await queued(world))[0]?.payload).toMatchObject({
      provider: "system_push",
      providerUserId: "u1",
      metadata: { conversationTargetSource: "legacy_user" },
    });
    expect((await queued(world))[0]?.payload.metadata).not.toHaveProperty("telegramChatId");
    await expect(trigger(unbound)).rejects.toThrow("No active agent binding for user");
    await expect(trigger("none")).rejects.toThrow("Push job not found");
  });
});

describe("for one agent", () => {
  it("needs the user's current agent, and knows nothing of other users' and agents' jobs", async () => {
    await world.agent("other");
    await bind(world, "u1");
    const args = {
      companyId: "acme",
      consumerUserId: "u1",
      title: "T",
      text: "x",
      periodicity: "daily" as const,
      timezone: "UTC",
      schedule: { kind: "daily" as const, time: "09:00" },
    };
    const { lib, t } = world;
    const mismatch = "Agent key must match the current active binding for the user";
    await expect(t.mutation(lib.createPushJobCustomForAgent, { ...args, agentKey: "other" })).rejects.toThrow(
      mismatch,
    );
    const templateId = await template();
    const fromArgs = { companyId: "acme", consumerUserId: "u1", templateId, timezone: "UTC" };
    await expect(
      t.mutation(lib.createPushJobFromTemplateForAgent, { ...fromArgs, agentKey: "other" }),
    ).rejects.toThrow(mismatch);
    const jobId = await t.mutation(lib.createPushJobCustomForAgent, { ...args, agentKey: "default" });
    vi.advanceTimersByTime(10);
    const second = await t.mutation(lib.createPushJobFromTemplateForAgent, {
      ...fromArgs,
      agentKey: "default",
    });
    const mine = { consumerUserId: "u1", agentKey: "default" };
    const list = await t.query(lib.listPushJobsForAgent, mine);
    expect(list.map((job) => [job._id, job.agentKey])).toEqual([
      [second, "default"],
      [jobId, "default"],
    ]);
    for (const wrong of [
      { ...mine, agentKey: "other" },
      { ...mine, consumerUserId: "u2" },
    ]) {
      expect(await t.query(lib.listPushJobsForAgent, wrong)).toEqual([]);
      expect(await t.mutation(lib.updatePushJobForAgent, { ...wrong, jobId, text: "y" })).toBe(false);
      await expect(t.mutation(lib.triggerPushJobNowForAgent, { ...wrong, jobId })).rejects.toThrow(
        "Push job not found for agent",
      );
    }
    expect(await t.mutation(lib.updatePushJobForAgent, { ...mine, jobId, text: "y" })).toBe(true);
    await t.mutation(lib.triggerPushJobNowForAgent, { ...mine, jobId });
    vi.advanceTimersByTime(10);
    await t.mutation(lib.triggerPushJobNowForAgent, { ...mine, jobId: second });
    const dispatches = await t.query(lib.listPushDispatchesForAgent, mine);
    expect(dispatches.map((row) => [row.jobId, row.status])).toEqual([
      [second, "enqueued"],
      [jobId, "enqueued"],
    ]);
    expect((await queued(world)).map((message) => message.payload.messageText)).toEqual([
      "y",
      "good morning",
    ]);
  });
});
