/**
 * The text of an answer, streamed or whole. Only the text counts: reasoning (`reasoning_content`, `reasoning`, thinking
 * parts) and calls of tools, which this engine does not offer, are no part of it.
 */
import { z } from "zod";
import { wellFormed } from "../../../../src/policy/text/cut.js";
import { EngineError } from "../../engine/engine.js";
import { errorIn, failureOf, wordsOfBody } from "./failure.js";
import { readEvents } from "./sse.js";
import { parseJson } from "../../../../src/policy/text/parseJson.js";
import { asThing } from "../words.js";

/** Longest accepted answer, in UTF-16 units: far above any model's output, it stops a stream that never ends. */
const MAX_ANSWER_UNITS = 1_000_000;
/** Behind the end come the usage and `[DONE]`. A server that keeps the connection open has said all by then, in ms. */
const AFTERWORD_MS = 10_000;

/** Text as a string, or as a list of parts of which some are text. */
const zContent = z.unknown().optional().transform(textOf);
const zMessage = z.looseObject({ content: zContent, refusal: zContent }).nullish().catch(null);
const zChoice = z.looseObject({
  index: z.number().nullish().catch(0),
  delta: zMessage,
  message: zMessage,
  /** Of servers that stream completions. */
  text: zContent,
  finish_reason: z.string().nullish().catch(null),
  error: z.unknown().optional(),
});
const zAnswer = z.looseObject({
  choices: z.array(zChoice).nullish().catch([]),
  /** Ollama's own form. */
  message: zMessage,
  done: z.boolean().nullish().catch(null),
  done_reason: z.string().nullish().catch(null),
});
type Choice = z.output<typeof zChoice>;

const failed = /error|abort|cancel/i;
const filtered = /filter|safety|recitation|blocklist|prohibited|spii|refus|sensitive/i;

/**
 * Reads an answer to its end. Rejects with an {@link EngineError}: what the server says went wrong, half an answer, nothing.
 * An answer cut at the model's own limit (`length`) is an answer: that is how long it was allowed to be.
 */
export async function readAnswer(
  body: ReadableStream<Uint8Array> | null,
  apiKey: string | undefined,
): Promise<string> {
  const answer = new Answer(apiKey);
  if (body === null) return answer.whole();
  const stream = body.getReader();
  const leave = (): Promise<void> => stream.cancel().catch(() => undefined);
  let quiet: NodeJS.Timeout | undefined;
  try {
    for await (const sent of readEvents(stream)) {
      clearTimeout(quiet);
      if ("raw" in sent) answer.takeRaw(sent.raw);
      else if (!answer.takeEvent(sent.name, sent.data)) break;
      if (answer.hasFinished) quiet = setTimeout(() => void leave(), AFTERWORD_MS);
    }
  } catch (error) {
    // A connection that fails behind the end takes nothing away, and the model need not run again.
    if (error instanceof EngineError || !answer.hasFinished) throw error;
  } finally {
    clearTimeout(quiet);
    await leave();
  }
  return answer.whole();
}

class Answer {
  private text = "";
  private refusal = "";
  private finish: string | null = null;
  private done = false;
  private stray = "";
  private sawTools = false;
  private sawReasoning = false;

  constructor(private readonly apiKey: string | undefined) {}

  /** The server has said how the answer ended; what follows adds no text as a rule. */
  get hasFinished(): boolean {
    return this.finish !== null;
  }

  /** false: that was the end. */
  takeEvent(name: string, data: string): boolean {
    if (data === "[DONE]") {
      this.done = true;
      return false;
    }
    const value = parseJson(data);
    if (value !== undefined) this.take(value, name);
    else if (name === "error") throw failureOf({ status: 0, words: this.words(data) });
    else if (/^[{[]/.test(data)) {
      // Half a word behind the end: the connection was cut there.
      if (!this.hasFinished) throw this.misshapen("stream event");
    }
    // Not every sign of life is a comment; and a proxy puts its complaint here.
    else this.stray = this.words(data);
    return true;
  }

  /** A body without events: one JSON value, or one a line. */
  takeRaw(raw: string): void {
    const whole = parseJson(raw);
    const values = whole === undefined ? raw.split("\n").map(parseJson) : [whole];
    if (values.every((value) => value !== undefined)) {
      for (const value of values) this.take(value, "");
      // Without events nothing can be missing behind it.
      this.done ||= this.finish === null && values.length === 1 && this.hasChoice;
      if (!this.done && this.finish === null && !this.hasChoice) throw this.misshapen("answer");
    } else if (this.text === "" && !this.done) {
      if (/^[{[]/.test(raw)) throw new EngineError("unavailable", "openai: the answer broke off");
      throw failureOf({ status: 0, words: `no answer but a text: ${this.words(raw)}` });
    } else this.stray = this.words(raw);
  }
  private hasChoice = false;

  whole(): string {
    if (this.finish !== null && failed.test(this.finish))
      throw failureOf({ status: 0, words: `the server ended the answer with "${this.words(this.finish)}"` });
    if (this.finish !== null && filtered.test(this.finish))
      throw new EngineError(
        "refused",
        `openai: the server held the answer back (${this.words(this.finish)})`,
        true,
      );
    // Half an answer would be recorded and sent as if it were whole.
    if (!this.done && this.finish === null) {
      const why = this.stray === "" ? "without a word" : this.stray;
      throw new EngineError("unavailable", `openai: the stream broke off: ${why}`);
    }
    const text = wellFormed(this.text.trim() === "" ? this.refusal : this.text);
    if (text.trim() === "") throw new EngineError("empty", `openai: the answer is empty: ${this.whyEmpty()}`);
    return text;
  }

  private take(value: unknown, eventName: string): void {
    const error = errorIn(value, this.apiKey, eventName);
    if (error !== null) throw failureOf(error);
    const parsed = zAnswer.safeParse(value);
    if (!parsed.success) throw this.misshapen("answer");
    const { choices, message, done, done_reason: reason } = parsed.data;
    const choice = choices?.find(({ index }) => (index ?? 0) === 0);
    if (choice !== undefined) this.takeChoice(choice);
    else if (message) {
      this.hasChoice = true;
      this.add(message.content);
      if (done) this.finish = reason ?? "stop";
    }
  }

  private takeChoice(choice: Choice): void {
    const { delta, message, text, finish_reason: finish, error } = choice;
    this.hasChoice = true;
    const inside = error === undefined ? null : errorIn({ error }, this.apiKey);
    if (inside !== null) throw failureOf(inside);
    // Some servers repeat the whole message beside the last piece.
    const said = delta ?? (this.text === "" ? message : null);
    this.add(said === null || said === undefined ? (this.text === "" || !message ? text : "") : said.content);
    this.refusal += said?.refusal ?? "";
    this.bound(this.refusal);
    this.sawTools ||= said?.["tool_calls"] !== undefined && said["tool_calls"] !== null;
    this.sawReasoning ||= Boolean(said?.["reasoning_content"] ?? said?.["reasoning"]);
    if (finish) this.finish = finish;
  }

  private add(text: string): void {
    this.text += text;
    this.bound(this.text);
  }

  private bound({ length }: string): void {
    if (length > MAX_ANSWER_UNITS) throw new EngineError("refused", "openai: the answer does not end");
  }

  private whyEmpty(): string {
    if (this.sawTools) return "the model asked for a tool, and none is offered";
    if (this.finish !== null && /length|max_?tokens/i.test(this.finish))
      return `the model's limit was reached ${this.sawReasoning ? "while it reasoned" : "before it began"}`;
    return this.sawReasoning ? "the model only reasoned" : "it ended without a word";
  }

  private words(text: string): string {
    return wordsOfBody(text, this.apiKey);
  }
  private misshapen(what: string): EngineError {
    return new EngineError("crashed", `openai: ${what} of an unexpected shape`);
  }
}

/** Of a list, its parts of text; parts that think or show pictures have none. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((part: unknown) => {
      if (typeof part === "string") return part;
      const { type = "text", text } = asThing(part);
      if (type !== "text" && type !== "output_text" && type !== "refusal") return "";
      return typeof text === "string" ? text : textOf([asThing(text)["value"]].filter((value) => value));
    })
    .join("");
}
