/** What a provider configuration must hold before machines can be made of it. */
import type { ProviderConfig } from "../../contract/fleet.js";

const required = [
  "appName",
  "organizationSlug",
  "image",
  "region",
  "volumeName",
  "volumePath",
] as const satisfies readonly (keyof ProviderConfig)[];

/** The fields that are blank or not positive, in the order of the contract. */
export function blankFields(config: ProviderConfig): string[] {
  const blank: string[] = required.filter((field) => config[field].trim() === "");
  if (!(config.volumeSizeGb > 0)) blank.push("volumeSizeGb");
  return blank;
}

/** The text of 1.0.11 for the first blank field; further ones follow in parentheses. */
export function blankFieldsMessage([first, ...others]: string[]): string {
  const more = others.length === 0 ? "" : ` (also: ${others.join(", ")})`;
  return `Missing providerConfig.${first ?? ""}. Pass providerConfig explicitly when starting/reconciling workers.${more}`;
}
