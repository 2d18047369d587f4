/** The body of a response, refused as soon as it is larger than allowed, whatever it declares. */

/** Its pieces, or null when they are more than `maxBytes`. Rejects as the body's stream does. */
export async function readCapped(
  response: Response,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>[] | null> {
  const declared = Number(response.headers.get("content-length") ?? 0);
  if (declared > maxBytes) {
    await response.body?.cancel();
    return null;
  }
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  if (response.body === null) return chunks;
  const reader = response.body.getReader();
  let bytes = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    bytes += read.value.byteLength;
    if (bytes > maxBytes) {
      await reader.cancel();
      return null;
    }
    // A response has no shared memory; a copy of 20 MB would be half of what an action may hold.
    chunks.push(read.value);
  }
  return chunks;
}
