/** What to do when a machine of the wanted name exists already. */
import { ProviderError } from "../providerError.js";
import type { MachineSpec, ObservedMachine } from "../provider.js";

/**
 * The machine if it is the one that `spec` asks for.
 * @param failure text of the refused create, the beginning of every error here.
 * @throws ProviderError `conflict` for somebody else's machine, or (retryable) for ours on its way out; `unavailable`
 * while its metadata cannot be read.
 */
export function adopt(machine: ObservedMachine, spec: MachineSpec, failure: string): ObservedMachine {
  const refuse = (kind: "conflict" | "unavailable", why: string, retryable: boolean) =>
    new ProviderError({
      kind,
      message: `${failure} (${why})`,
      retryable,
      outcomeUnknown: false,
      status: 409,
    });
  if (machine.metadata === null)
    throw refuse("unavailable", `machine ${machine.id} cannot be read now`, true);
  const { metadata } = machine;
  const differs = Object.keys(spec.metadata).find((key) => metadata[key] !== spec.metadata[key]);
  if (differs !== undefined) {
    throw refuse("conflict", `machine ${machine.id} has another owner: metadata ${differs} differs`, false);
  }
  if (machine.state === "gone" || machine.providerState === "destroying") {
    throw refuse("conflict", `machine ${machine.id} is being destroyed`, true);
  }
  return machine;
}
