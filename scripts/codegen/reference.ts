/** `docs/reference.md`: every function of the component and every exposed key, as the contract's rows have them. */
import type { GenericValidator, PropertyValidators } from "convex/values";
import { codeCell, isNeeded, shapeOf, table, type NamedShapes } from "../../conformance/shape.js";
import type { AccessClass, ContractRow } from "../../src/contract/row.js";
import type { SurfaceRow } from "../../src/client/surface/row.js";
import { titleOf, type ContractFile, type RowSource } from "./contractRows.js";
import type { RunContract } from "./runContract.js";

const intro = `# Reference

Every public function, by domain. Generated from \`src/contract\` (\`npm run codegen\`); what follows is said there, once.

- **Component**: \`components.agentFactory.lib.<name>\`, for the app's own functions. The component trusts the app.
- **Exposed**: the key of \`exposeApi\` (and, unless it is a worker's or a user's write, of \`exposeOperatorApi\`), for clients. \`auth\` is
  asked first and told what the call is about. Each also throws what \`auth\` throws, \`unauthorized\` when that returns no user, and
  \`admin_required\` where the call needs the grant and it was not given.
- **Gateway**: \`POST <prefix>/api/agent_workers/<operation>\`, for workers with a token ([the protocol](worker-protocol.md)). The
  token stands in the header, not in \`workerToken\`.

Times are in ms, sizes in bytes, ids are opaque texts. Errors are a \`ConvexError\` with \`{ code, message }\`;
without a line \`Errors\` a function throws none of its own.
`;

const whoMay: Readonly<Record<AccessClass, string>> = {
  read: "signed-in users, as far as `auth` lets them",
  write: "signed-in users, as far as `auth` lets them",
  admin: "administrators: `auth` has to grant `admin`",
  worker: "workers, with a worker token",
  system: "everybody, cron jobs too: idempotent upkeep",
};

/** Shorter shapes than this many characters are written out wherever they occur. */
const MIN_NAMED_CHARS = 120;

/** The large shapes that the contract exports, by their names without the `v`. */
function namedShapes({ files }: RunContract): NamedShapes {
  const exported = Object.values(files).flatMap((file) => Object.entries(file));
  const shapes = exported.filter(([name]) => /^v[A-Z]/.test(name)) as unknown as [string, GenericValidator][];
  const large = shapes.filter(([, shape]) => shapeOf(shape, {}).length >= MIN_NAMED_CHARS);
  return Object.fromEntries(large.map(([name, shape]) => [name.slice(1), shape]));
}

export function referenceOf(contract: readonly ContractFile[], run: RunContract): string {
  const named = namedShapes(run);
  const shapes = Object.entries(named).map(
    ([name, shape]) => `- \`${name}\` = \`${shapeOf(shape, named, name)}\``,
  );
  const anchor = (text: string): string =>
    text
      .toLowerCase()
      .replace(/[^a-z0-9 -]/g, "")
      .replaceAll(" ", "-");
  const contents = contract.map(({ doc, rows }) => {
    const functions = rows.map(({ name }) => `[\`${name}\`](#${anchor(name)})`).join(", ");
    return `- [${titleOf(doc)}](#${anchor(titleOf(doc))}): ${functions}`;
  });
  const sections = contract.map(({ name: file, doc, rows }) => {
    const entries = rows.map((source) => entryOf(source, run.files[file]![source.name]!, run, named));
    const about = doc === `${titleOf(doc)}.` ? "" : `${doc}\n\n`;
    return `## ${titleOf(doc)}\n\n${about}${entries.join("\n\n")}`;
  });
  return [
    intro,
    "## Contents",
    contents.join("\n"),
    ...sections,
    keysAlone(contract, run, named),
    `## Shapes\n\n${shapes.join("\n")}`,
  ].join("\n\n");
}

function entryOf(
  { name, doc, facts }: RowSource,
  row: ContractRow,
  run: RunContract,
  named: NamedShapes,
): string {
  const { text, meanings } = readDoc(doc);
  const key = facts.for === undefined ? undefined : (facts.as ?? name);
  const exposed = key === undefined ? undefined : run.surface[key];
  const codes = run.errorCodes.filter((code) => doc.includes(`\`${code}\``));
  return [
    `### ${name}`,
    text,
    [
      `- **Component**: ${facts.kind} \`lib.${name}\``,
      exposed && key !== undefined
        ? `- **Exposed**: \`${key}\`, for ${whoMay[exposed.access]}`
        : "- **Exposed**: no; the package itself calls it",
      ...(facts.operation === undefined ? [] : [`- **Gateway**: \`${facts.operation}\``]),
      ...(facts.image ? ["- **1.0.11's image** calls it by the exposed key"] : []),
    ].join("\n"),
    argumentsOf(row.args, meanings, named),
    exposed ? exposedArguments(row, exposed, meanings, named) : "",
    resultOf(row, meanings, named, exposed),
    codes.length === 0 ? "" : `Errors: ${codes.map((code) => `\`${code}\``).join(", ")}.`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function argumentsOf(
  args: PropertyValidators,
  meanings: ReadonlyMap<string, string>,
  named: NamedShapes,
): string {
  const rows = Object.entries(args).map(([arg, shape]) => [
    `\`${arg}\``,
    isNeeded(shape) ? "yes" : "no",
    codeCell(shapeOf(shape, named)),
    (meanings.get(arg) ?? "").replaceAll("|", "\\|"),
  ]);
  return rows.length === 0 ? "No arguments." : table(["Argument", "Needed", "Form", "Meaning"], rows);
}

/** What a caller of the exposed key may say, where that is not the same. */
function exposedArguments(
  row: ContractRow,
  exposed: SurfaceRow,
  meanings: ReadonlyMap<string, string>,
  named: NamedShapes,
): string {
  const names = (list: readonly string[]): string => list.map((name) => `\`${name}\``).join(", ");
  const own = Object.keys(exposed.args);
  const withheld = Object.keys(row.args).filter((name) => !own.includes(name));
  const added = own.filter((name) => !(name in row.args));
  const scope = exposed.scope(Object.fromEntries(own.map((name) => [name, name])));
  const told = Object.keys(scope);
  const said = [
    ...(withheld.length > 0 ? [`- The exposed function does not take ${names(withheld)}.`] : []),
    ...(exposed.adminOnlyArgs.length > 0
      ? [`- Dropped unless \`auth\` granted \`admin\`: ${names(exposed.adminOnlyArgs)}.`]
      : []),
    ...(exposed.fill.length > 0
      ? [`- From the options of \`exposeApi\`, or of an administrator: ${names(exposed.fill)}.`]
      : []),
    ...(exposed.ignoredArgs.length > 0 ? [`- Accepted without effect: ${names(exposed.ignoredArgs)}.`] : []),
    ...(told.length > 0 ? [`- \`auth\` is told ${names(told)}.`] : []),
  ].join("\n");
  if (added.length === 0) return said;
  return `${said}\n\nThe exposed function takes:\n\n${argumentsOf(exposed.args, meanings, named)}`;
}

function resultOf(
  row: ContractRow,
  meanings: ReadonlyMap<string, string>,
  named: NamedShapes,
  exposed?: SurfaceRow,
): string {
  const others = [...meanings].filter(([name]) => !(name in row.args));
  return [
    `Result: \`${shapeOf(row.returns, named)}\``,
    others.map(([name, meaning]) => `- \`${name}\`: ${meaning}`).join("\n"),
    exposed && exposed.adminOnlyFields.length > 0
      ? `Shown to administrators only: ${exposed.adminOnlyFields.map((name) => `\`${name}\``).join(", ")}.`
      : "",
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** The exposed keys that stand for no row of their own. */
function keysAlone(contract: readonly ContractFile[], run: RunContract, named: NamedShapes): string {
  const known = new Set(contract.flatMap(({ rows }) => rows.map(({ name, facts }) => facts.as ?? name)));
  const entries = Object.entries(run.surface).flatMap(([key, row]) => {
    if (known.has(key)) return [];
    const steps = Object.values(row.steps).map(({ fn }) => `[\`${fn}\`](#${fn.toLowerCase()})`);
    const said = `- **Exposed**: ${row.kind}, for ${whoMay[row.access]}\n- **Calls**: ${steps.join(", then ")}`;
    return [`### ${key}\n\n${said}\n\n${argumentsOf(row.args, new Map(), named)}`];
  });
  return `## Keys of 1.0.11 alone\n\n${entries.join("\n\n")}`;
}

/** A row's comment: its text, and what it says of single arguments and fields. */
function readDoc(doc: string): { text: string; meanings: Map<string, string> } {
  const meanings = new Map<string, string>();
  const text: string[] = [];
  let current: string | undefined;
  for (const line of doc.split("\n")) {
    const item = /^- (?:returns )?`([\w.]+)`: (.*)$/.exec(line);
    if (item) {
      current = item[1]!;
      meanings.set(current, item[2]!);
    } else if (current !== undefined && /^ {2}\S/.test(line))
      meanings.set(current, `${meanings.get(current) ?? ""} ${line.trim()}`);
    else {
      current = undefined;
      text.push(line);
    }
  }
  return { text: text.join("\n").trim(), meanings };
}
