/** How long files and the rows of files are kept. */
import type { MutationCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";

/** How long it stays on record that a file could not be had, or has expired. */
export const FAILED_ROW_RETENTION_MS = 30 * 86_400_000;

/** When a file that is stored now expires. */
export const fileExpiry = async (ctx: MutationCtx): Promise<number> =>
  Date.now() + (await loadRuntime(ctx)).policies.attachments.retentionMs;
