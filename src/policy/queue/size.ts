/** Sizes of foreign text in UTF-8 bytes, without allocating the encoded form. */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit >= 0xd800 && unit <= 0xdbff) {
      bytes += 4;
      index += 1;
    } else bytes += 3;
  }
  return bytes;
}

export function recordBytes(record: Record<string, string>): number {
  return Object.entries(record).reduce((sum, [key, value]) => sum + utf8Bytes(key) + utf8Bytes(value), 0);
}
