/**
 * Every error that this product throws on purpose. `code` is stable and meant for programs; `message` is for people
 * (texts that 1.0.11 already had are kept word for word). Expected outcomes (a lost lease, nothing to claim) are
 * results, not errors.
 */
import { ConvexError } from "convex/values";

export const errorCodes = [
  "agent_not_found",
  "provider_user_id_required",
  "conversation_agent_mismatch",
  "conversation_not_found",
  "message_not_found",
  "invalid_id",
  "text_too_large",
  "metadata_too_large",
  "invalid_argument",
  "invalid_policy",
  "not_a_dead_letter",
  "worker_token_required",
  "worker_token_invalid",
  "worker_token_expired",
  "worker_token_revoked",
  "worker_limit_reached",
  "worker_mismatch",
  "worker_id_taken",
  "worker_id_in_use",
  "worker_not_found",
  "worker_transition_invalid",
  "workspace_mismatch",
  "lane_not_allowed",
  "provider_config_missing",
  "provider_unsupported",
  "provider_failed",
  "fly_token_missing",
  "convex_url_missing",
  "convex_url_invalid",
  "volume_in_use",
  "lease_lost",
  "secret_ref_invalid",
  "secret_not_found",
  "secret_empty",
  "secret_too_large",
  "secret_key_unavailable",
  "secret_damaged",
  "master_key_invalid",
  "snapshot_refused",
  "snapshot_mismatch",
  "snapshot_too_large",
  "telegram_token_missing",
  "telegram_url_invalid",
  "telegram_api_failed",
  "telegram_secret_invalid",
  "telegram_update_invalid",
  "telegram_token_not_allowed",
  "telegram_bot_taken",
  "parked_update_not_found",
  "parked_update_incomplete",
  "pairing_code_not_found",
  "pairing_code_ended",
  "pairing_code_expired",
  "pairing_failed",
  "conversation_id_exhausted",
  "skill_invalid",
  "skill_conflict",
  "skills_too_large",
  "push_schedule_invalid",
  "push_timezone_invalid",
  "push_template_exists",
  "push_template_not_found",
  "push_template_mismatch",
  "push_job_not_found",
  "push_no_binding",
  "push_agent_mismatch",
  "message_template_not_found",
  "message_template_disabled",
  "request_too_large",
  "request_not_json",
  "operation_unknown",
  "method_not_allowed",
  "rate_limited",
  "write_conflict",
  "too_many_writes",
  "admin_required",
  "unauthorized",
  "not_your_data",
  "internal",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** The data of every `ConvexError` thrown by the component or its client helpers. */
export interface ErrorData {
  code: ErrorCode;
  message: string;
  [detail: string]: string | number | boolean | null;
}

/** An error with a stable code that survives the component boundary and reaches the caller as `error.data`. */
export function factoryError(
  code: ErrorCode,
  message: string,
  details: Record<string, string | number | boolean | null> = {},
): ConvexError<ErrorData> {
  return new ConvexError({ ...details, code, message });
}

/** The `{code, message}` of an error of ours, or null for anything else (a bug, a platform error). */
export function errorDataOf(error: unknown): ErrorData | null {
  if (!(error instanceof ConvexError)) return null;
  const data: unknown = error.data;
  if (typeof data !== "object" || data === null) return null;
  const { code, message } = data as { code?: unknown; message?: unknown };
  if (typeof message !== "string") return null;
  return errorCodes.find((known) => known === code) ? (data as ErrorData) : null;
}
