/** Server-sent events as model servers send them: only the `data` fields matter. */

/** Yields the data of each event. Lines may end in LF or CRLF; an event cut off by the end of the stream is yielded too. */
export async function* readEventData(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let buffered = "";
  let data: string[] = [];
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    buffered += decoder.decode(read.value, { stream: true });
    const lines = buffered.split("\n");
    buffered = lines.pop() ?? "";
    for (const raw of lines) {
      const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
      if (line === "" && data.length > 0) {
        yield data.join("\n");
        data = [];
      } else if (line.startsWith("data:")) {
        data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
      }
    }
  }
  if (buffered.startsWith("data:"))
    data.push(buffered.slice(buffered.startsWith("data: ") ? 6 : 5).trimEnd());
  if (data.length > 0) yield data.join("\n");
}
