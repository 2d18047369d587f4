/** Crockford's base 32 in lower case, as Convex writes its ids. */
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
const TABLE_DIGITS = 4;
const RANDOM_DIGITS = 26;
const SHAPE = new RegExp(`^[${DIGITS}]{${TABLE_DIGITS + RANDOM_DIGITS + 2}}$`);

/** A new document's id: 32 characters that say which table of which component it is of, and end in a check. */
export function newId(tableNumber: number, random: () => number): string {
  let id = "";
  for (let rest = tableNumber, digit = 0; digit < TABLE_DIGITS; digit += 1, rest >>= 5)
    id = DIGITS[rest & 31]! + id;
  for (let digit = 0; digit < RANDOM_DIGITS; digit += 1) id += DIGITS[(random() * 32) | 0]!;
  return id + check(id);
}

/** The table that an id belongs to; null for a text that is no id. */
export function tableNumberOf(id: string): number | null {
  if (!SHAPE.test(id) || check(id.slice(0, -2)) !== id.slice(-2)) return null;
  let table = 0;
  for (let digit = 0; digit < TABLE_DIGITS; digit += 1) table = table * 32 + DIGITS.indexOf(id[digit]!);
  return table;
}

function check(text: string): string {
  let sum = 7;
  for (let at = 0; at < text.length; at += 1) sum = (sum * 31 + text.charCodeAt(at)) & 0x3ff;
  return DIGITS[sum >> 5]! + DIGITS[sum & 31]!;
}
