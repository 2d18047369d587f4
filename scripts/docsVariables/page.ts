/** `docs/worker/variables.md` as text, made of the schema that checks the variables. */
import { envHelp } from "../../worker/src/env.js";
import { hostedAgentRows, jobPlatformRows, type MappingRow } from "./mapping.js";

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");
const mapping = (rows: readonly MappingRow[]): string => table(["There", "Here", "Remark"], rows);

/** The page; it does not depend on the time or the machine. */
export function variablesPage(): string {
  const rows = envHelp().map(({ name, default: fallback, meaning }) => [
    `\`${name}\``,
    fallback === "" ? "" : fallback === "required" ? "**required**" : `\`${fallback}\``,
    meaning,
  ]);
  return `# The worker's variables

<!-- Made by \`npm run docs:variables\` of worker/src/envSchema.ts; do not edit. -->

A worker is set up by environment variables alone. A blank value counts as absent. \`agent-factory-worker --check-env\` names every
fault at once and starts nothing; \`--help\` prints this table.

${table(["Variable", "Default", "Meaning"], rows)}

Node's own variables work too: \`NODE_EXTRA_CA_CERTS\` names a PEM file with further authorities, for a proxy that opens TLS.

## Coming from a customer-hosted agent

${mapping(hostedAgentRows)}

## Coming from the agent workers of a job platform

${mapping(jobPlatformRows)}
`;
}

/** The names on the page's right-hand side of the mappings that are variables of the worker. */
export const mappedNames = (): string[] =>
  [...hostedAgentRows, ...jobPlatformRows].flatMap(([, ours]) =>
    [...ours.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map(([, name]) => name ?? ""),
  );
