/** What this worker must never print, wherever it turns up: in its log, in the reason of a failure, in a program's last words. */
import type { z } from "zod";
import { envSchema, type WorkerEnv } from "./env.js";
import { credentialsOf } from "./net/proxy.js";
import { readPostgresUrl } from "./store/postgresUrl.js";

/** How programs name a variable that holds a credential. */
const credentialName = /(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$/;

/** Ends like one, and names an agent. */
const NO_CREDENTIAL = "OPENCLAW_AGENT_KEY";

/** Variables that say so in the schema. */
const declared: ReadonlySet<string> = new Set(
  Object.entries<z.ZodType>(envSchema.shape)
    .filter(([, schema]) => schema.meta()?.["secret"] === true)
    .map(([name]) => name),
);

/** Every secret value of the worker's settings, of the other variables of its process, and inside of their URLs. */
export function secretsOf(env: WorkerEnv, processEnv: Record<string, string | undefined>): string[] {
  const announced = (env.AGENT_FACTORY_SECRET_NAMES ?? "").split(",").map((name) => name.trim());
  const database = env.STATE_DATABASE_URL === undefined ? "" : readPostgresUrl(env.STATE_DATABASE_URL);
  const values = [
    env.STATE_DATABASE_URL,
    typeof database === "string" ? undefined : database.password,
    ...Object.entries({ ...processEnv, ...env }).flatMap(([name, value]) => {
      if (typeof value !== "string") return [];
      const looksSecret = credentialName.test(name.toUpperCase()) && name !== NO_CREDENTIAL;
      const isSecret = looksSecret || declared.has(name) || announced.includes(name);
      return isSecret ? [value, ...inUrl(value)] : inUrl(value);
    }),
  ];
  return values.filter((value) => value !== undefined).filter((value) => value !== "");
}

/** The password of a URL, as it is written and as it is meant. */
function inUrl(value: string): string[] {
  if (!value.includes("@") || !URL.canParse(value)) return [];
  const url = new URL(value);
  return [url.password, credentialsOf(url).password];
}
