/**
 * The suite: the real worker with an OpenClaw gateway, from Telegram's door to the answer and back. It knows the gateway only
 * as a command that reads `openclaw.json`, so it runs against the real one and against the imitation alike.
 */
import { randomBytes } from "node:crypto";
import { access } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ModelRule } from "../../sim/model/index.js";
import { makeSlot, startWorld, tokenFor, type Slot, type World } from "./world.js";

/** A worker that was started. */
export interface RunningWorker {
  /** Resolves when it ended, with its exit code. */
  exited: Promise<number | null>;
  /** SIGTERM: it saves its memory and gives its conversation up. */
  stop(): void;
  /** The end of what it logged, for error messages. */
  tail(): string;
  /** Ends the gateway as kill -9 would. */
  killGateway(): void;
}

export interface SuiteOptions {
  /** Program and arguments of the gateway. */
  gatewayCommand: readonly string[];
  /** Starts a worker with exactly this environment. */
  launch(env: Record<string, string>, slot: Slot): RunningWorker;
  /** An empty directory; the caller removes it. */
  root: string;
  /** Workers at a time. */
  slots: number;
  /** How long the model thinks about the turn in which the gateway is killed. */
  slowMs: number;
  /** After the last answer: how long a second one is waited for. */
  watchMs: number;
  workerEnv?: Record<string, string>;
  log(line: string): void;
  signal: AbortSignal;
}

export interface SuiteResult {
  conversations: number;
  /** Messages with at least one answer, the right one. */
  answered: number;
  /** Messages with more than one. */
  twice: number;
  resumedAfterKill: boolean;
  memoryRestored: boolean;
  /** The model's file was written by the gateway's tool, in the workspace. */
  toolCall: boolean;
  /** An answer that names a file which does not exist arrived as its text, without the line that names the file. */
  mediaReply: boolean;
  seconds: number;
}

const CONVERSATIONS = 10;
const NOTE = "notes/code.txt";
const FIRST_CHAT = 1_000;
/** Texts that make the model do something else than answer `answer to: <text>`. */
const REMEMBER = "note the code";
const PICTURE = "send the picture";
const SLOW = "take your time";
const RECALL = "what was the code";

/** The text that the model gave; the worker may add which file it could not send. */
const PICTURE_ANSWER = /^here it is(\n\n\[files that could not be sent: picture\.png\])?$/;

/** Whether everything went as it should. */
export const isClean = (result: SuiteResult, sent: number): boolean =>
  result.answered === sent &&
  result.twice === 0 &&
  result.resumedAfterKill &&
  result.memoryRestored &&
  result.toolCall &&
  result.mediaReply;

/** Messages the suite sends: one a conversation, one into the kill, one for the memory. */
export const suiteMessages = CONVERSATIONS + 2;

/** @throws when a worker does not start, ends by itself or with an error, or `signal` is aborted. */
export async function runSuite(options: SuiteOptions): Promise<SuiteResult> {
  const secret = randomBytes(6).toString("hex");
  const world = await startWorld(modelRules(secret, options.slowMs), () => undefined);
  const suite = new Suite(options, world);
  try {
    return await suite.run(secret);
  } finally {
    await suite.end();
    await world.close();
  }
}

function modelRules(secret: string, slowMs: number): ModelRule[] {
  const call = (name: string, more: object) => ({ name, arguments: { path: NOTE, ...more } });
  return [
    { lastUser: REMEMBER, afterTool: false, toolCalls: [call("write", { content: secret })] },
    { lastUser: REMEMBER, afterTool: true, answer: "noted" },
    { lastUser: RECALL, afterTool: false, toolCalls: [call("read", {})] },
    { lastUser: RECALL, afterTool: true, answer: "it was {{tool}}" },
    { lastUser: PICTURE, answer: "here it is\nMEDIA:./picture.png" },
    { lastUser: SLOW, answer: "done slowly", firstTokenMs: slowMs },
  ];
}

interface Sent {
  chatId: number;
  text: string;
  expected: string | RegExp;
}

class Suite {
  private readonly sent: Sent[] = [];
  private readonly running = new Set<RunningWorker>();
  private readonly startedAt = Date.now();
  private workers = 0;
  private workspaceOfNote = "";

  constructor(
    private readonly options: SuiteOptions,
    private readonly world: World,
  ) {}

  async run(secret: string): Promise<SuiteResult> {
    const { options, world } = this;
    const slots = await Promise.all(
      Array.from({ length: options.slots }, (_, index) => this.slot(`slot${index + 1}`)),
    );
    for (let first = 0; first < CONVERSATIONS; first += slots.length) {
      const chats = slots.map((_, index) => first + index + 1).filter((n) => n <= CONVERSATIONS);
      await this.round(
        slots,
        chats.map((n) => firstMessage(n)),
      );
      if (first === 0) this.workspaceOfNote = await holderOfNote(slots);
      this.say(`conversations ${chats.join(", ")} answered, saved and given up`);
    }
    const wiped = (await holderOfNote(slots)) === "";
    if (!wiped) throw new Error("a data directory still holds the file of an earlier conversation");

    const resumedAfterKill = await this.killMidRun(slots[0]!);
    this.say(`gateway killed mid-run: ${resumedAfterKill ? "resumed, one answer" : "NOT resumed cleanly"}`);
    const recall = await this.send(1, RECALL, `it was ${secret}`);
    const memoryRestored = await this.recall(await this.slot("fresh"), recall);
    this.say(`restored on a fresh worker: ${memoryRestored ? "it remembers" : "it does NOT remember"}`);

    await sleep(options.watchMs, undefined, { signal: options.signal });
    const outbox = world.telegram.outbox();
    const answers = (chatId: number) => outbox.filter((message) => message.chatId === chatId);
    const right = this.sent.filter(({ chatId, expected }) =>
      answers(chatId).some(({ rawText }) => isExpected(rawText, expected)),
    );
    const picture = this.sent.find(({ text }) => text.startsWith(PICTURE));
    const chats = new Set(this.sent.map(({ chatId }) => chatId));
    const surplus = [...chats].map(
      (chatId) => answers(chatId).length - this.sent.filter((message) => message.chatId === chatId).length,
    );
    for (const { chatId, text, expected } of this.sent.filter((message) => !right.includes(message)))
      this.say(
        `"${text}" was not answered with "${String(expected)}" but ${JSON.stringify(answers(chatId).map(({ rawText }) => rawText))}`,
      );
    return {
      conversations: chats.size,
      answered: right.length,
      twice: surplus.reduce((sum, more) => sum + Math.max(0, more), 0),
      resumedAfterKill,
      memoryRestored,
      toolCall: this.workspaceOfNote !== "",
      mediaReply: picture !== undefined && right.includes(picture),
      seconds: Math.round((Date.now() - this.startedAt) / 100) / 10,
    };
  }

  /** Ends what is still running; used when the suite failed. */
  async end(): Promise<void> {
    for (const worker of this.running) worker.stop();
    await Promise.all([...this.running].map((worker) => worker.exited));
  }

  /** One message a slot: answered, then the workers are stopped and have to have saved. */
  private async round(slots: Slot[], messages: Omit<Sent, "chatId">[]): Promise<void> {
    const sent: Sent[] = [];
    for (const [index, { text, expected }] of messages.entries())
      sent.push(await this.send(chatOfText(text) ?? index, text, expected));
    const workers = await Promise.all(slots.slice(0, messages.length).map((slot) => this.start(slot)));
    await this.untilAnswered(sent);
    await Promise.all(workers.map((worker) => this.stop(worker)));
  }

  private async killMidRun(slot: Slot): Promise<boolean> {
    const { world, options } = this;
    const message = await this.send(3, SLOW, "done slowly");
    const before = world.telegram.outbox().length;
    const worker = await this.start(slot);
    const about = () => world.model.requests().filter(({ lastUserText }) => lastUserText.includes(SLOW));
    await this.until(() => about().length > 0, "the model to be asked");
    worker.killGateway();
    await this.untilAnswered([message]);
    await sleep(options.watchMs, undefined, { signal: options.signal });
    await this.stop(worker);
    const outcomes = about().map(({ outcome }) => outcome);
    this.say(`model requests of that turn: ${outcomes.join(", ")}`);
    const given = outcomes.filter((outcome) => outcome === "answered").length;
    return outcomes[0] === "aborted" && given === 1 && world.telegram.outbox().length === before + 1;
  }

  /** The fact lives only in a file of the data directory; the conversation itself only in the gateway's state. */
  private async recall(slot: Slot, message: Sent): Promise<boolean> {
    const worker = await this.start(slot);
    await this.untilAnswered([message]);
    await this.stop(worker);
    const request = this.world.model.requests().findLast(({ lastUserText }) => lastUserText.includes(RECALL));
    const knowsThePast = request?.messages.some(({ text }) => text.includes(REMEMBER)) ?? false;
    const answer = this.world.telegram.outbox().findLast(({ chatId }) => chatId === message.chatId);
    return knowsThePast && answer !== undefined && isExpected(answer.rawText, message.expected);
  }

  private async send(conversation: number, text: string, expected: Sent["expected"]): Promise<Sent> {
    const message = { chatId: FIRST_CHAT + conversation, text, expected };
    this.world.telegram.userSends({ chatId: message.chatId, text });
    this.sent.push(message);
    return message;
  }

  private slot(name: string): Promise<Slot> {
    return makeSlot(this.world, this.options.root, name, this.options.gatewayCommand);
  }

  private async start(slot: Slot): Promise<RunningWorker> {
    const workerId = `${slot.name}-${++this.workers}`;
    const AGENT_TOKEN = await tokenFor(this.world, workerId);
    const env = { ...slot.env, ...this.options.workerEnv, WORKER_ID: workerId, AGENT_TOKEN };
    const worker = this.options.launch(env, slot);
    this.running.add(worker);
    void worker.exited.then(() => this.running.delete(worker));
    return worker;
  }

  private async stop(worker: RunningWorker): Promise<void> {
    worker.stop();
    const code = await worker.exited;
    if (code !== 0) throw new Error(`a worker ended with exit code ${code ?? "none"}:\n${worker.tail()}`);
  }

  private untilAnswered(messages: Sent[]): Promise<void> {
    const missing = () =>
      messages.filter(({ chatId }) => {
        const wanted = this.sent.filter((message) => message.chatId === chatId).length;
        return this.world.telegram.outbox().filter((message) => message.chatId === chatId).length < wanted;
      });
    return this.until(
      () => missing().length === 0,
      "answers",
      () => missing().map(({ text }) => text),
    );
  }

  /** @throws when a worker ends meanwhile: nothing would come any more. */
  private async until(condition: () => boolean, what: string, details?: () => string[]): Promise<void> {
    const { signal } = this.options;
    const workers = [...this.running];
    let ended: RunningWorker | undefined;
    for (const worker of workers) void worker.exited.then(() => (ended ??= worker));
    while (!condition()) {
      if (ended !== undefined) throw new Error(`a worker ended by itself:\n${ended.tail()}`);
      if (signal.aborted) {
        for (const worker of workers) this.say(worker.tail());
        const why = signal.reason instanceof Error ? signal.reason.message : "given up";
        throw new Error(`${why}, waiting for ${what}: ${details?.().join("; ") ?? ""}`);
      }
      await sleep(20);
    }
  }

  private say(line: string): void {
    this.options.log(`${((Date.now() - this.startedAt) / 1000).toFixed(1)} s  ${line}`);
  }
}

function firstMessage(conversation: number): Omit<Sent, "chatId"> {
  const suffix = `, conversation ${conversation}`;
  if (conversation === 1) return { text: REMEMBER + suffix, expected: "noted" };
  if (conversation === 2) return { text: PICTURE + suffix, expected: PICTURE_ANSWER };
  return { text: `hello${suffix}`, expected: `answer to: hello${suffix}` };
}

const isExpected = (text: string, expected: Sent["expected"]): boolean =>
  typeof expected === "string" ? text === expected : expected.test(text);

function chatOfText(text: string): number | undefined {
  const found = /conversation (\d+)$/.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** The workspace with the file that the model had written; empty when none has it. */
async function holderOfNote(slots: Slot[]): Promise<string> {
  for (const { workspaceDir } of slots) {
    const there = await access(path.join(workspaceDir, NOTE)).then(
      () => true,
      () => false,
    );
    if (there) return workspaceDir;
  }
  return "";
}
