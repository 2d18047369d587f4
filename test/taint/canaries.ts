/** Values that must not be found, and every form in which they are looked for. */

export interface Canary {
  name: string;
  bytes: Buffer;
}
export const canary = (name: string, value: string | Uint8Array): Canary => ({
  name,
  bytes: typeof value === "string" ? Buffer.from(value) : Buffer.from(value),
});

interface Form {
  form: string;
  text: string;
  caseless: boolean;
}

/** Plain, escaped as JSON, percent-encoded, hex, base64 and base64url wherever the value lies in what was encoded. */
export function formsOf({ bytes }: Canary): Form[] {
  const plain = bytes.toString("latin1");
  const hex = bytes.toString("hex");
  const forms: Form[] = [
    { form: "plain", text: plain, caseless: false },
    { form: "JSON", text: JSON.stringify(plain).slice(1, -1), caseless: false },
    { form: "URL", text: encodeURIComponent(bytes.toString("utf8")), caseless: true },
    { form: "percent", text: hex.replace(/../g, "%$&"), caseless: true },
    { form: "hex", text: hex, caseless: true },
  ];
  // Before the value there may be 0, 1 or 2 bytes of a group of three; characters that others share in are left out.
  for (const before of [0, 1, 2]) {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes]);
    const [from, to] = [Math.ceil((before * 8) / 6), Math.floor((shifted.length * 8) / 6)];
    for (const encoding of ["base64", "base64url"] as const)
      forms.push({ form: encoding, text: shifted.toString(encoding).slice(from, to), caseless: false });
  }
  return forms;
}

/** Every text in a value: strings, keys, bytes as Latin-1, and what errors say; bytes also in Convex's JSON form. */
function textsOf(value: unknown, seen = new Set<unknown>()): string[] {
  if (typeof value === "string") return [value];
  if (value instanceof ArrayBuffer) return [Buffer.from(value).toString("latin1")];
  if (ArrayBuffer.isView(value))
    return [Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("latin1")];
  if (typeof value !== "object" || value === null || seen.has(value)) return [];
  seen.add(value);
  const texts: string[] = [];
  if (value instanceof Error) texts.push(value.message, value.stack ?? "", ...textsOf(value.cause, seen));
  for (const [key, inner] of value instanceof Map ? value : Object.entries(value)) {
    if (key === "$bytes" && typeof inner === "string")
      texts.push(Buffer.from(inner, "base64").toString("latin1"));
    texts.push(String(key), ...textsOf(inner, seen));
  }
  return texts;
}

/** One line per canary and form found; `where` says in what. */
export function findLeaks(where: string, value: unknown, canaries: readonly Canary[]): string[] {
  // A separator that is part of no form: what is split over two texts is not found as one.
  const text = textsOf(value).join("\u0001");
  const lower = text.toLowerCase();
  return canaries.flatMap((each) =>
    formsOf(each)
      .filter((form) => (form.caseless ? lower.includes(form.text.toLowerCase()) : text.includes(form.text)))
      .map(({ form }) => `${where}: ${each.name} as ${form}`),
  );
}
