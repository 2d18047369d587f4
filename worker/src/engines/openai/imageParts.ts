/** Pictures as parts of a message to an OpenAI-compatible server. */
import { readFile } from "node:fs/promises";
import type { EngineAttachment } from "../../engine/engine.js";

/** What such servers commonly take: these types, a few per message, and a body of bounded size. */
const types = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);
const MAX_IMAGES = 8;
const MAX_TOTAL_BYTES = 15 * 1024 * 1024;

export interface ImagePart {
  type: "image_url";
  image_url: { url: string };
}

/** The first pictures that fit; the others stay names in the text. */
export async function imageParts(attachments: readonly EngineAttachment[]): Promise<ImagePart[]> {
  const parts: ImagePart[] = [];
  let total = 0;
  for (const { path, mimeType = "", sizeBytes = 0 } of attachments) {
    if (path === null || !types.has(mimeType) || parts.length === MAX_IMAGES) continue;
    if (total + sizeBytes > MAX_TOTAL_BYTES) continue;
    total += sizeBytes;
    const data = (await readFile(path)).toString("base64");
    parts.push({ type: "image_url", image_url: { url: `data:${mimeType};base64,${data}` } });
  }
  return parts;
}
