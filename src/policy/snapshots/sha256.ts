/** One form for a SHA-256 that is written in several. */

/** 32 bytes in lower case hexadecimal, from hexadecimal or base64 (the file storage gives either); null for anything else. */
export function hexOfSha256(text: string): string | null {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return text.toLowerCase();
  // 32 bytes are 43 base64 characters and one `=`.
  if (!/^[A-Za-z0-9+/]{43}=?$/.test(text)) return null;
  const bytes = atob(text.endsWith("=") ? text : `${text}=`);
  return Array.from(bytes, (char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}
