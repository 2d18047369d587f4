/** What a probe may be pointed at. The same check stands on both sides: a worker believes nobody. */
import type { ProbeKind } from "../../contract/probes.js";

const MAX_TARGET_CHARS = 500;

/** What is wrong with it, or null. */
export function probeTargetProblem(kind: ProbeKind, target: string | null): string | null {
  switch (kind) {
    case "model":
    case "gateway":
      return target === null ? null : `kind ${kind} takes no target: it is the worker's own configuration`;
    case "host":
      return hostAndPort(target ?? "") === null ? "target must be host:port, e.g. db.internal:5432" : null;
    case "url":
      return isPlainUrl(target ?? "") ? null : "target must be an http or https URL without credentials";
  }
}

/** `db.internal:5432`, `10.0.0.5:80`, `[::1]:80`; null for anything else. */
export function hostAndPort(target: string): { host: string; port: number } | null {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]{1,253})):(\d{1,5})$/.exec(target);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  return host === undefined || port < 1 || port > 65_535 ? null : { host, port };
}

function isPlainUrl(target: string): boolean {
  if (target.length > MAX_TARGET_CHARS || !URL.canParse(target)) return false;
  const { protocol, username, password } = new URL(target);
  return (protocol === "http:" || protocol === "https:") && username === "" && password === "";
}
