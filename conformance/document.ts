/** The generated parts of `docs/worker-protocol.md`: the rules, and the calls as the contract has them. */
import { format, resolveConfig } from "prettier";
import { statusOfCode } from "../src/contract/gateway.js";
import { defaultPolicies } from "../src/contract/policies.js";
import {
  vHydrationBundle,
  vJob,
  vNewTurn,
  vOutcome,
  vPayload,
  vRecordedReply,
} from "../src/contract/queue.js";
import { vProviderConfig } from "../src/contract/providers.js";
import { neededOperations, operations, protocolVersion, rules } from "./rows.js";
import { codeCell, isNeeded, shapeOf, table, type NamedShapes } from "./shape.js";

export const documentPath = new URL("../docs/worker-protocol.md", import.meta.url).pathname;

const named: NamedShapes = {
  Job: vJob,
  Hydration: vHydrationBundle,
  Payload: vPayload,
  RecordedReply: vRecordedReply,
  Turn: vNewTurn,
  Outcome: vOutcome,
  ProviderConfig: vProviderConfig,
};

/** Fills every generated part of the document anew. @throws Error for a part that nothing is known about. */
export async function fillDocument(text: string): Promise<string> {
  const filled = text.replace(
    /<!-- generated: ([A-Za-z-]+) -->[\s\S]*?<!-- end -->/g,
    (_, part: string) => `<!-- generated: ${part} -->\n\n${partNamed(part)}\n\n<!-- end -->`,
  );
  return await format(filled, { ...(await resolveConfig(documentPath)), parser: "markdown" });
}

function partNamed(part: string): string {
  switch (part) {
    case "version":
      return `Version ${protocolVersion}.`;
    case "calls":
      return callTable();
    case "arguments":
      return operations.map(argumentsOf).join("\n\n");
    case "shapes":
      return Object.entries(named)
        .map(([name, shape]) => `- \`${name}\` = \`${shapeOf(shape, named, name)}\``)
        .join("\n");
    case "errors":
      return errorTable();
    case "timings":
      return timingTable();
    default:
      return ruleTable(part);
  }
}

function ruleTable(group: string): string {
  const rows = Object.entries(rules).filter(([id]) => id.startsWith(`P-${group}-`));
  if (rows.length === 0) throw new Error(`there is no part ${group}`);
  return table(["Row", "Rule"], rows);
}

function callTable(): string {
  return table(
    ["Row", "Operation", "Needed", "Component function", "Kind"],
    operations.map(({ id, operation, fn, kind }) => [
      id,
      `\`${operation}\``,
      neededOperations.includes(operation) ? "yes" : "when used",
      `\`${fn}\``,
      kind,
    ]),
  );
}

function argumentsOf({ id, operation, row }: (typeof operations)[number]): string {
  const { workerToken: _fromHeader, ...args } = row.args;
  const fields = Object.entries(args).map(([name, shape]) => [
    `\`${name}\``,
    isNeeded(shape) ? "yes" : "no",
    codeCell(shapeOf(shape, named)),
  ]);
  const fieldTable = fields.length === 0 ? "No fields." : table(["Field", "Needed", "Form"], fields);
  return `### ${id}: \`${operation}\`\n\n${fieldTable}\n\nValue: \`${shapeOf(row.returns, named)}\``;
}

function errorTable(): string {
  return table(
    ["Status", "Codes"],
    [...new Set(Object.values(statusOfCode))].sort().map((status) => {
      const codes = Object.entries(statusOfCode).filter(([, of]) => of === status);
      return [String(status), codes.map(([code]) => `\`${code}\``).join(", ")];
    }),
  );
}

function timingTable(): string {
  const { lease, retry } = defaultPolicies;
  return table(
    ["Policy", "Default", "Meaning"],
    [
      [
        "`lease.leaseMs`",
        `${lease.leaseMs} ms`,
        "a lease that is not renewed for this long may be given to another worker",
      ],
      [
        "`lease.heartbeatIntervalMs`",
        `${lease.heartbeatIntervalMs} ms`,
        "how often to renew it; every job names it",
      ],
      [
        "`lease.staleAfterMs`",
        `${lease.staleAfterMs} ms`,
        "a worker that was not heard of for this long counts as lost",
      ],
      [
        "`lease.forgetAfterMs`",
        `${lease.forgetAfterMs} ms`,
        "a lost worker that held a conversation may come back, save it and go on with it for this long",
      ],
      ["`retry.maxAttempts`", String(retry.maxAttempts), "attempts before a message becomes a dead letter"],
      [
        "`retry.lateAttemptsAfterMs`",
        `${retry.lateAttemptsAfterMs} ms`,
        "from the first failure to the fourth attempt, at least",
      ],
      [
        "`retry.serviceMaxAgeMs`",
        `${retry.serviceMaxAgeMs} ms`,
        "how long failures that blame a service are repeated",
      ],
    ],
  );
}
