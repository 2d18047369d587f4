import type { ValidatorJSON } from "convex/values";
import { z } from "zod";
import { tableNumberOf } from "./ids.js";
import { mismatch, type Mismatch } from "./validators.js";
import type { Fields } from "./values.js";

/** An index; its keys are the values of `fields`, then creation time and id, so that no two are equal. */
export interface Index {
  /** Place of its tree in a snapshot. */
  readonly number: number;
  readonly name: string;
  readonly table: Table;
  /** Paths in a document, such as `["payload", "text"]`; empty for `by_id`, whose key is the id alone. */
  readonly fields: readonly (readonly string[])[];
}

export interface Table {
  readonly number: number;
  readonly componentPath: string;
  readonly name: string;
  readonly byId: Index;
  readonly byCreationTime: Index;
  /** All of them, these two included. */
  readonly indexes: Map<string, Index>;
  /** What documents must be; null: anything. */
  readonly validator: ValidatorJSON | null;
}

/** What `schema.export()` of convex 1.48 tells. */
const exportedSchema = z.object({
  tables: z.array(
    z.object({
      tableName: z.string(),
      indexes: z.array(z.object({ indexDescriptor: z.string(), fields: z.array(z.string()) })),
      documentType: z.custom<ValidatorJSON>((value) => typeof value === "object" && value !== null),
    }),
  ),
  schemaValidation: z.boolean().default(true),
});
const schemaModule = z.custom<{ export(): string }>(
  (value) => typeof value === "object" && value !== null && "export" in value,
);

export const SCHEDULED = "_scheduled_functions";
export const STORAGE = "_storage";

/** The tables and indexes of all components. */
export class Catalog {
  private readonly byNumber: Table[] = [];
  private readonly byName = new Map<string, Map<string, Table>>();
  private readonly strict = new Set<string>();
  private readonly indexes: Index[] = [];

  /** @param schema the default export of the component's `schema`, if it has one. */
  addComponent(componentPath: string, schema: unknown): void {
    this.byName.set(componentPath, new Map());
    for (const name of [SCHEDULED, STORAGE]) this.addTable(componentPath, name, [], null);
    if (schema === undefined) return;
    const { tables, schemaValidation } = exportedSchema.parse(
      JSON.parse(schemaModule.parse(schema).export()),
    );
    if (schemaValidation) this.strict.add(componentPath);
    for (const { tableName, indexes, documentType } of tables)
      this.addTable(componentPath, tableName, indexes, schemaValidation ? documentType : null);
  }

  /**
   * The table of that name; without a schema every name is one.
   * @throws Error for a name that the schema does not have.
   */
  table(componentPath: string, name: string): Table {
    const found = this.byName.get(componentPath)?.get(name);
    if (found) return found;
    if (this.strict.has(componentPath) || name.startsWith("_"))
      throw new Error(`The table "${name}" is not in the schema of ${componentPath || "the app"}`);
    return this.addTable(componentPath, name, [], null);
  }

  /** The table of a document of this component; null for any other text. */
  tableOfId(componentPath: string, id: string): Table | null {
    const number = tableNumberOf(id);
    const table = number === null ? undefined : this.byNumber[number];
    return table?.componentPath === componentPath ? table : null;
  }

  /** @throws Error for an index that the table does not have. */
  index(table: Table, name: string): Index {
    const index = table.indexes.get(name);
    if (!index) throw new Error(`Index ${table.name}.${name} not found.`);
    return index;
  }

  /** By its place in a snapshot. */
  indexAt(number: number): Index {
    return this.indexes[number]!;
  }

  get tables(): readonly Table[] {
    return this.byNumber;
  }

  /** Why a document may not be stored; null: it may. */
  refusal(table: Table, fields: Fields): Mismatch | null {
    if (!table.validator) return null;
    const { _id, _creationTime, ...own } = fields;
    return this.mismatch(table.componentPath, own, table.validator);
  }

  mismatch(componentPath: string, value: Parameters<typeof mismatch>[0], validator: ValidatorJSON) {
    return mismatch(value, validator, (id) => this.tableOfId(componentPath, id)?.name ?? null);
  }

  private addTable(
    componentPath: string,
    name: string,
    indexes: readonly { indexDescriptor: string; fields: string[] }[],
    validator: ValidatorJSON | null,
  ): Table {
    const own = new Map<string, Index>();
    const addIndex = (indexName: string, fields: readonly string[]): Index => {
      const paths = fields.map((field) => field.split("."));
      const index: Index = { number: this.indexes.length, name: indexName, table, fields: paths };
      this.indexes.push(index);
      own.set(indexName, index);
      return index;
    };
    const table = {
      number: this.byNumber.length,
      componentPath,
      name,
      indexes: own,
      validator,
    } as { -readonly [Key in keyof Table]: Table[Key] };
    table.byId = addIndex("by_id", []);
    table.byCreationTime = addIndex("by_creation_time", ["_creationTime", "_id"]);
    for (const { indexDescriptor, fields } of indexes)
      addIndex(indexDescriptor, [...fields, "_creationTime", "_id"]);
    this.byNumber.push(table);
    this.byName.get(componentPath)?.set(name, table);
    return table;
  }
}
