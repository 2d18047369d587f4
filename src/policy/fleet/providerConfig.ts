/** What a provider configuration must hold before machines can be made of it. */
import type { PropertyValidators } from "convex/values";
import { providerKinds, type ProviderConfig } from "../../contract/providers.js";

/** The fields that its kind asks for and that are blank or not positive. */
export function blankFields(config: ProviderConfig): string[] {
  // Kinds that nobody serves have the shape of the first.
  const { fields }: { fields: PropertyValidators } =
    providerKinds.find(({ kind }) => kind === config.kind) ?? providerKinds[0];
  const values: Readonly<Record<string, unknown>> = config;
  return Object.keys(fields).filter((field) => {
    const value = values[field];
    if (fields[field]?.isOptional === "optional") return false;
    if (typeof value === "string") return value.trim() === "";
    return typeof value === "number" && !(value > 0);
  });
}

/** The text of 1.0.11 for the first blank field; further ones follow in parentheses. */
export function blankFieldsMessage([first, ...others]: string[]): string {
  const more = others.length === 0 ? "" : ` (also: ${others.join(", ")})`;
  return `Missing providerConfig.${first ?? ""}. Pass providerConfig explicitly when starting/reconciling workers.${more}`;
}
