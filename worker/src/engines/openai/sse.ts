/** Server-sent events as model servers send them, and the plain bodies that come in their place. */
import { EngineError } from "../../engine/engine.js";

/** An event of the stream, or (`raw`) all that was no event: a whole JSON answer, JSON lines, a page. */
export type Sent = { name: string; data: string } | { raw: string };

/** Longest body that is no stream of events, in UTF-16 units; the rest of a longer one is not read. */
const MAX_RAW_UNITS = 4_000_000;
/** Longest line and event, in UTF-16 units: a whole answer in one JSON value is far below. */
const MAX_EVENT_UNITS = 16_000_000;

/**
 * Yields each event with data as soon as it is complete, in the end also one that the end of the stream cut off, then what was
 * no event. The content type is not asked: servers and proxies get it wrong. Lines end in LF, CRLF or CR; comments
 * (keep-alives) and empty data are passed over. Rejects with an {@link EngineError} for a line or an event without end.
 */
export async function* readEvents(stream: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<Sent> {
  let name = "";
  let data: string[] = [];
  let raw = "";
  let units = 0;
  const take = (): Sent | null => {
    const sent = { name, data: data.join("\n").trim() };
    name = "";
    data = [];
    units = 0;
    return sent.data === "" ? null : sent;
  };
  for await (const line of linesOf(stream)) {
    const [, field = "", value = ""] = /^(data|event|id|retry)(?::[ ]?(.*))?$/s.exec(line) ?? [];
    units += value.length;
    if (units > MAX_EVENT_UNITS) throw endless();
    if (field === "data") data.push(value);
    else if (field === "event") name = value.trim();
    else if (line === "") {
      const sent = take();
      if (sent !== null) yield sent;
    } else if (field === "" && !line.startsWith(":") && raw.length < MAX_RAW_UNITS) raw += `${line}\n`;
  }
  const last = take();
  if (last !== null) yield last;
  if (raw.trim() !== "") yield { raw: raw.trim() };
}

async function* linesOf(stream: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<string> {
  // It also takes a byte order mark away, and holds back half a character.
  const decoder = new TextDecoder();
  let held = "";
  for (let chunk = await stream.read(); !chunk.done; chunk = await stream.read()) {
    const text = decoder.decode(chunk.value, { stream: true });
    // What is held was looked through already.
    const mayEnd = held.endsWith("\r") || /[\r\n]/.test(text);
    held += text;
    if (mayEnd) {
      // A CR at the end may be half of a CRLF.
      const whole = held.endsWith("\r") ? held.slice(0, -1) : held;
      const lines = whole.split(/\r\n|\n|\r/);
      const rest = lines.pop() ?? "";
      held = rest + held.slice(whole.length);
      yield* lines;
    }
    if (held.length > MAX_EVENT_UNITS) throw endless();
  }
  yield* (held + decoder.decode()).split(/\r\n|\n|\r/);
}

const endless = (): EngineError => new EngineError("refused", "openai: the answer does not end");
