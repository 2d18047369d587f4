/** Finds the values of an agent's connections in this worker's own store. */
import { EngineError } from "../engine/engine.js";
import { StoreError, type OwnStore } from "../store/store.js";

export interface Connections {
  /** The variables of these connections together. Rejects with an `EngineError`. */
  variablesOf(names: readonly string[]): Promise<Record<string, string>>;
}

/** `store` null: this worker has no place for connections, so it has none. */
export function createConnections(store: OwnStore | null): Connections {
  return {
    async variablesOf(names) {
      const variables: Record<string, string> = {};
      const givenBy = new Map<string, string>();
      for (const name of names) {
        const values = await valuesOf(store, name);
        for (const [variable, value] of Object.entries(values)) {
          const other = givenBy.get(variable);
          if (other !== undefined)
            throw new EngineError(
              "unavailable",
              `connections "${other}" and "${name}" both set ${variable}`,
              true,
              {
                down: null,
              },
            );
          givenBy.set(variable, name);
          variables[variable] = value;
        }
      }
      return variables;
    },
  };
}

async function valuesOf(store: OwnStore | null, name: string): Promise<Record<string, string>> {
  if (store === null) throw notFound(name, "this worker has neither STATE_DIR nor STATE_DATABASE_URL");
  try {
    const found = await store.find(name);
    if (found === null) throw notFound(name, "its value is not in this worker's own store");
    return found.values;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const options = { cause: error, down: "store" } as const;
    throw new EngineError("unavailable", `connection "${name}": ${error.message}`, true, options);
  }
}

/** Retryable: another worker may have it, and an operator may add it while the message waits. Other agents are not concerned. */
const notFound = (name: string, why: string): EngineError =>
  new EngineError(
    "unavailable",
    `connection is not found: "${name}" is registered, but ${why}. ` +
      `Recreate it on the worker's machine: agent-factory-worker connections add ${name}`,
    true,
    { down: null },
  );
