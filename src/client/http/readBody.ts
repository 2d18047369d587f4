/** Reading a request body without trusting its length or its encoding. */

export type BodyResult = { ok: true; text: string } | { ok: false; reason: "tooLarge" | "notUtf8" };

/** Stops reading as soon as the body is longer than `maxBytes`, whatever its Content-Length says. */
export async function readBody(request: Request, maxBytes: number): Promise<BodyResult> {
  if (Number(request.headers.get("Content-Length") ?? 0) > maxBytes) return { ok: false, reason: "tooLarge" };
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = request.body?.getReader();
  let text = "";
  let bytes = 0;
  try {
    for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
      bytes += chunk.value.byteLength;
      if (bytes > maxBytes) {
        await reader?.cancel();
        return { ok: false, reason: "tooLarge" };
      }
      text += decoder.decode(chunk.value, { stream: true });
    }
    return { ok: true, text: text + decoder.decode() };
  } catch (error) {
    // The decoder's refusal; a broken connection is not ours to explain.
    if (error instanceof TypeError) return { ok: false, reason: "notUtf8" };
    throw error;
  }
}
