const text = (body: string) => new Uint8Array(Buffer.from(body));

/** Bodies that are no JSON object, for doors of ours. */
export const malformedBodies: readonly { name: string; bytes: Uint8Array<ArrayBuffer> }[] = [
  { name: "empty", bytes: text("") },
  { name: "no JSON", bytes: text("{workerId:") },
  { name: "a list", bytes: text("[]") },
  { name: "null", bytes: text("null") },
  { name: "a number", bytes: text("1e999") },
  { name: "a string", bytes: text('"claim"') },
  { name: "not UTF-8", bytes: new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]) },
  { name: "deeply nested", bytes: text("[".repeat(5_000) + "]".repeat(5_000)) },
  { name: "two objects", bytes: text("{}{}") },
];
