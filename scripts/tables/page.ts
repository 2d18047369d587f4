/** `docs/tables.md` as text, made of the code of `src/core`. */
import type { TableFacts } from "./findTables.js";

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ");
const line = (label: string, text: string): string => (text === "" ? "" : `- ${label}: ${text}\n`);

function section(table: TableFacts): string {
  const writers = Object.entries(table.writers).map(([kind, files]) => line(kind, code(files)));
  const readers = [...table.readers].map(([index, files]) => `\`${index}\` (${code(files)})`);
  return `### \`${table.name}\`

${table.meaning}

${writers.join("")}${line("swept by", code(table.sweeps))}${line("read by index", readers.join("; "))}`;
}

/** The page, without prettier's hand; it does not depend on the time or the machine. */
export function tablesPage(tables: readonly TableFacts[]): string {
  const domains = [...new Set(tables.map(({ domain }) => domain))].sort();
  const parts = domains.map((domain) => {
    const own = tables.filter((table) => table.domain === domain);
    return `## ${domain}\n\n${own.map(section).join("\n")}`;
  });
  return `# Tables: who writes, reads and sweeps each

<!-- Made by \`npm run docs:tables\` of src/core; do not edit. -->

Files are below \`src/core\`; a table belongs to the domain under which it stands, and its fields are in that folder's \`tables.ts\`. A file that
writes through another's function is not listed: the one that has the call is. Sweeps have their names in \`upkeep/sweeps.ts\`;
a sweep that only starts what deletes is not listed (\`volumes\` for \`quarantinedVolumes\`, \`sealAudit\` for \`auditTallies\`). Reads by id are not listed.

No sweep bounds what grows with use: \`conversations\`, \`conversationIdentities\`, \`identityBindings\`, \`agentProfiles\` and \`channelCredentials\` are never
deleted; \`channelAccounts\`, \`blockedChats\`, \`messagePushTemplates\`, \`messageTemplates\`, \`messagePushJobs\` and \`globalSkills\` by people or their channel alone.

${parts.join("\n")}`;
}
