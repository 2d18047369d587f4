/** What every channel must do with what comes in, whatever comes. Files of tests call it with their channel. */
import { beforeEach, describe, expect, it } from "vitest";
import { channels, isAddressKey } from "../../src/core/channels/registry.js";
import type { Channel } from "../../src/core/channels/channel.js";
import type { Ingested } from "../../src/core/intake/ingest.js";
import type { World } from "../component/world.js";

/** A message as the channel would send it. Those of one chat are numbered by `message`, in the order in which they were written. */
export interface Said {
  /** Another one for each event. */
  event: number;
  message: number;
  chat: string;
  user: string;
  text: string;
  /** It is for our account, where several people write. */
  toUs?: boolean;
  edited?: boolean;
  /** A file besides the text. */
  file?: boolean;
}

/** A channel with an account whose messages go to the agent `default`. */
export interface ComingSubject {
  channel: Channel;
  /** What its account's requests lead to. */
  deliver(body: string): Promise<Ingested>;
  /** The same with a secret that is nobody's. */
  deliverForged(body: string): Promise<Ingested>;
  body(said: Said): string;
  /** The chat may not be written to any more, or may again. */
  blocked(event: number, chat: string, blocked: boolean): string;
  /** Of the right form, and nothing that an agent could read. */
  unknown: readonly string[];
  /** Two ids of chats between one person and the account; each is also its person's id. */
  privateChats: readonly [string, string];
  /** Null: the channel has none. */
  groupChat: string | null;
}

/** What nobody's channel sends. */
const hostile: readonly string[] = [
  "",
  "{",
  "null",
  "[]",
  '"text"',
  "1e999",
  "{}",
  JSON.stringify({ update_id: "x", id: 7, message: null, chat: {}, from: [] }),
  JSON.stringify({ update_id: 1, message: { chat: { id: {} }, from: { id: [] }, text: 5 } }),
  JSON.stringify({ __proto__: { chat: "1" }, constructor: { prototype: {} }, id: "__proto__" }),
  `{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
  "x".repeat(200_000),
];

export function describeComing(name: string, world: World, setUp: () => Promise<ComingSubject>): void {
  describe(name, () => coming(world, setUp));
}

function coming(world: World, setUp: () => Promise<ComingSubject>): void {
  let subject: ComingSubject;
  let event = 100;
  beforeEach(async () => {
    subject = await setUp();
  });
  const body = (said: Partial<Said> = {}): string => {
    event += 1;
    const [chat] = subject.privateChats;
    return subject.body({ event, message: event, chat, user: chat, text: "hello", ...said });
  };
  const messages = () => world.t.run((ctx) => ctx.db.query("messageQueue").collect());
  const textsOf = async () => (await messages()).map(({ payload }) => payload.messageText);

  describe("what comes in", () => {
    it("is a message of its chat, with the channel as its provider", async () => {
      const [chat] = subject.privateChats;
      expect(await subject.deliver(body())).toMatchObject({ kind: "enqueued" });
      const [row] = await messages();
      expect(row?.payload).toMatchObject({ provider: subject.channel.kind, messageText: "hello" });
      expect(row && subject.channel.address.chatOf(row.payload)).toBe(chat);
      // What the component makes itself is read back the same way.
      const metadata = subject.channel.address.metadata({ chatId: chat, userId: chat });
      expect(subject.channel.address.chatOf({ providerUserId: "somebody", metadata })).toBe(chat);
      const { providerUserId: _, ...said } = row?.payload.metadata ?? {};
      // So that no user can say an address, whatever channels there are.
      for (const key of Object.keys(said)) expect(isAddressKey(key)).toBe(true);
    });

    it("is one message however often it comes, at the same time too", async () => {
      const one = body();
      const ids = [
        await subject.deliver(one),
        ...(await Promise.all([1, 2, 3].map(() => subject.deliver(one)))),
      ];
      expect(new Set(ids.map((id) => JSON.stringify(id))).size).toBe(1);
      expect(await messages()).toHaveLength(1);
    });

    it("is all there when it comes in another order, in one conversation", async () => {
      const [first, second, third] = [body({ text: "a" }), body({ text: "b" }), body({ text: "c" })];
      for (const each of [third, first, second]) await subject.deliver(each);
      expect((await textsOf()).sort()).toEqual(["a", "b", "c"]);
      expect(new Set((await messages()).map(({ conversation }) => conversation)).size).toBe(1);
    });

    it("of two people is two conversations", async () => {
      for (const chat of subject.privateChats) await subject.deliver(body({ chat, user: chat }));
      expect(new Set((await messages()).map(({ conversation }) => conversation)).size).toBe(2);
    });

    it("goes nowhere with a secret that is nobody's", async () => {
      expect(await subject.deliverForged(body())).toEqual({ kind: "refused" });
      expect(await messages()).toEqual([]);
    });

    it("is passed over when no agent could read it", async () => {
      for (const each of subject.unknown)
        expect(["ignored", "unbound"]).toContain((await subject.deliver(each)).kind);
      expect(await messages()).toEqual([]);
    });

    it.each(hostile.map((text, index) => [index, text] as const))(
      "is answered without an error when it is nonsense, %i",
      async (_, text) => {
        expect(["ignored", "notJson", "unbound", "parked"]).toContain((await subject.deliver(text)).kind);
        expect(await messages()).toEqual([]);
      },
    );

    it("keeps every character of a text, and no half of one", async () => {
      await subject.deliver(body({ text: "👩‍👩‍👧‍👦 e\u0301 \u202e" }));
      await subject.deliver(body({ text: "broken" }).replace("broken", "bro\\ud83dken"));
      expect(await textsOf()).toEqual(["👩‍👩‍👧‍👦 e\u0301 \u202e", "bro\ufffdken"]);
    });

    it("is parked once when the queue cannot take it, and taken when it can", async () => {
      await world.agent("default", { enabled: false, secretsRef: await refs() });
      const one = body();
      for (let n = 0; n < 2; n += 1) expect(await subject.deliver(one)).toMatchObject({ kind: "parked" });
      const [parked, ...more] = await world.t.query(world.lib.listParkedUpdates, {});
      expect(more).toEqual([]);
      await world.agent("default", { secretsRef: await refs() });
      await world.t.mutation(world.lib.redriveParkedUpdate, { parkedId: parked?.parkedId ?? "" });
      expect(await textsOf()).toEqual(["hello"]);
    });
  });

  const refs = async (): Promise<string[]> =>
    (await world.t.query(world.lib.getRequiredSecretRefs, { agentKey: "default" })).secretRefs;

  describe("an edit", () => {
    it("takes the old text's place while the message waits, where the channel has edits", async () => {
      await subject.deliver(body({ message: 7, text: "before" }));
      await subject.deliver(body({ message: 7, text: "after", edited: true }));
      expect(await textsOf()).toEqual([subject.channel.capabilities.edits === true ? "after" : "before"]);
    });

    it("changes nothing that a worker has seen, nor what never came", async () => {
      await subject.deliver(body({ message: 7, text: "before" }));
      await world.mustClaim("w1");
      await subject.deliver(body({ message: 7, text: "after", edited: true }));
      await subject.deliver(body({ message: 8, text: "of nothing", edited: true }));
      expect(await textsOf()).toEqual(["before"]);
    });
  });

  describe("a group", () => {
    it("is one conversation of those who speak to the account, where the channel has groups", async () => {
      const { groupChat: chat, privateChats } = subject;
      const { groups } = subject.channel.capabilities;
      expect(chat === null).toBe(groups === undefined);
      if (chat === null || !groups) return;
      expect(privateChats.map((each) => groups.isGroup(each))).toEqual([false, false]);
      expect(groups.isGroup(chat)).toBe(true);
      for (const user of privateChats) {
        expect(await subject.deliver(body({ chat, user, text: "among us" }))).toEqual({ kind: "ignored" });
        expect(await subject.deliver(body({ chat, user, toUs: true }))).toMatchObject({ kind: "enqueued" });
      }
      const rows = await messages();
      expect(rows).toHaveLength(2);
      expect(new Set(rows.map(({ conversation }) => conversation)).size).toBe(1);
    });
  });

  describe("a file", () => {
    it("is noted with its message and fetched by the channel, where it has files", async () => {
      if (subject.channel.capabilities.files === undefined) return;
      const one = body({ file: true });
      for (let n = 0; n < 2; n += 1) await subject.deliver(one);
      const rows = await world.t.run((ctx) => ctx.db.query("attachments").collect());
      expect(rows).toHaveLength(1);
      expect(rows[0]).toMatchObject({ side: "message", channel: subject.channel.kind, status: "pending" });
      // Handed out once the file is there, or could not be had.
      expect(await world.claim("w1")).toBeNull();
      await world.pass(400_000, 5_000);
      const job = await world.mustClaim("w1", { hydrate: true });
      expect(job.hydration?.payload.attachments).toHaveLength(1);
    });
  });

  describe("the worker's share", () => {
    it("is the channel's name and its credential, which another channel's message does not get", async () => {
      await subject.deliver(body());
      const { channel } = (await world.mustClaim("w1", { hydrate: true })).hydration ?? {};
      expect(channel?.kind).toBe(subject.channel.kind);
      const { credential } = subject.channel;
      if (credential === null) expect(channel?.credential).toBeNull();
      else expect(credential.accountOf(channel?.credential ?? "")).toMatch(/\S/);
      await world.send("elsewhere", "hi");
      const app = (await world.mustClaim("w2", { hydrate: true })).hydration?.channel;
      expect(app).toEqual({ kind: "app", credential: null });
    });

    it("says that an answer would reach nobody, unless the chat asked for it", async () => {
      const [chat] = subject.privateChats;
      await subject.deliver(subject.blocked(7, chat, true));
      const { channel } = subject;
      const payload = {
        provider: channel.kind,
        providerUserId: chat,
        messageText: "news",
        metadata: channel.address.metadata({ chatId: chat, userId: chat }),
      };
      const push = () =>
        world.t.mutation(world.lib.enqueue, { conversationId: "push", agentKey: "default", payload });
      const undeliverable = async () => {
        const job = await world.mustClaim("w1", { hydrate: true });
        await world.complete("w1", job);
        return job.hydration?.undeliverable;
      };
      await push();
      expect(await undeliverable()).toMatch(/\S/);
      await subject.deliver(body({ message: 9 }));
      expect(await undeliverable()).toBeUndefined();
      await subject.deliver(subject.blocked(8, chat, false));
      await push();
      expect(await undeliverable()).toBeUndefined();
    });
  });

  it("is known by its name, and its credential by its ref", () => {
    const { channel } = subject;
    expect(channels[channel.kind]).toBe(channel);
    const { credential } = channel;
    if (credential === null) return;
    const ref = credential.refOf("sales");
    expect([credential.isRef(ref), credential.agentOf(ref)]).toEqual([true, "sales"]);
    expect([credential.isRef("other.key"), credential.accountOf("no credential")]).toEqual([false, null]);
  });
}
