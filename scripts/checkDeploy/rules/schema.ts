/** Tables and indexes, as a deployment checks them at push time. */
import type { ValidatorJson } from "../../deployment/validatorJson.js";
import type { DeployedTable, Fault, Rule } from "../deployUnit.js";
import { identifierProblem } from "../identifiers.js";
import { validatorProblems } from "./functions.js";

/** Documented limits of a deployment. */
const MAX_INDEXES_PER_TABLE = 32;
const MAX_FIELDS_PER_INDEX = 16;
const RESERVED_INDEX_NAMES = new Set(["by_id", "by_creation_time"]);
/** `_id` cannot be indexed; `_creationTime` is appended to every index by the deployment. */
const IMPLICIT_FIELDS = new Set(["_id", "_creationTime"]);

export const schema: Rule = (unit) =>
  (unit.schema?.tables ?? []).flatMap((table) => {
    const problems = tableProblems(table, unit.schema?.schemaValidation ?? true);
    return problems.map((message): Fault => ({
      rule: "schema",
      where: `${unit.name} table ${table.tableName}`,
      message,
    }));
  });

function tableProblems(table: DeployedTable, validated: boolean): string[] {
  const problems: string[] = [];
  const nameProblem = identifierProblem(table.tableName);
  if (nameProblem !== null) problems.push(`the name ${nameProblem}`);
  if (table.tableName.startsWith("_")) problems.push("the name may not start with _");
  problems.push(...validatorProblems(table.documentType));

  // `key` is what two indexes of one table may not share.
  const indexes = [
    ...[...table.indexes, ...table.stagedDbIndexes].map(({ indexDescriptor, fields }) => ({
      name: indexDescriptor,
      fields,
      key: `fields ${fields.join(", ")}`,
    })),
    ...table.searchIndexes.map(({ indexDescriptor, searchField, filterFields }) => ({
      name: indexDescriptor,
      fields: [searchField, ...filterFields],
      key: `search field ${searchField} with filters ${[...filterFields].sort().join(", ")}`,
    })),
    ...table.vectorIndexes.map(({ indexDescriptor, vectorField, filterFields }) => ({
      name: indexDescriptor,
      fields: [vectorField, ...filterFields],
      key: `vector field ${vectorField}`,
    })),
  ];
  if (indexes.length > MAX_INDEXES_PER_TABLE) {
    problems.push(`has ${indexes.length} indexes; the limit is ${MAX_INDEXES_PER_TABLE}`);
  }
  const names = new Set<string>();
  const keys = new Map<string, string>();
  for (const { name, fields, key } of indexes) {
    problems.push(...indexProblems(name, fields).map((problem) => `index ${name} ${problem}`));
    if (names.has(name)) problems.push(`index ${name} is declared twice`);
    names.add(name);
    const twin = keys.get(key);
    if (twin !== undefined) problems.push(`indexes ${twin} and ${name} have the same ${key}`);
    keys.set(key, name);
    if (!validated) continue;
    for (const field of fields) {
      if (!IMPLICIT_FIELDS.has(field) && !hasField(table.documentType, field.split("."))) {
        problems.push(`index ${name} names the unknown field ${field}`);
      }
    }
  }
  return problems;
}

function indexProblems(name: string, fields: readonly string[]): string[] {
  const problems: string[] = [];
  const nameProblem = identifierProblem(name);
  if (nameProblem !== null) problems.push(`has a name that ${nameProblem}`);
  if (name.startsWith("_")) problems.push("has a name that starts with _");
  if (RESERVED_INDEX_NAMES.has(name)) problems.push("has a reserved name");
  if (fields.length === 0) problems.push("has no fields");
  if (fields.length > MAX_FIELDS_PER_INDEX) {
    problems.push(`has ${fields.length} fields; the limit is ${MAX_FIELDS_PER_INDEX}`);
  }
  for (const field of fields) if (IMPLICIT_FIELDS.has(field)) problems.push(`must not name ${field}`);
  if (new Set(fields).size !== fields.length) problems.push("names a field twice");
  return problems;
}

function hasField(validator: ValidatorJson, path: readonly string[]): boolean {
  const [head, ...rest] = path;
  if (head === undefined || validator.type === "any" || validator.type === "record") return true;
  if (validator.type === "union") return validator.value.some((member) => hasField(member, path));
  if (validator.type !== "object") return false;
  const field = validator.value[head];
  return field !== undefined && hasField(field.fieldType, rest);
}
