/** Secrets: values go in, only facts about them come out. */
import * as contract from "../../contract/secrets.js";
import { row } from "./row.js";

export const secretsSurface = {
  importSecret: row("importSecret", { kind: "mutation", access: "admin", args: contract.importSecret.args }),
  secretStatus: row("secretStatus", { kind: "query", access: "read", args: contract.secretStatus.args }),
  secretStoreReadiness: row("secretStoreReadiness", {
    kind: "query",
    access: "admin",
    args: contract.secretStoreReadiness.args,
  }),
  listSecretVersions: row("listSecretVersions", {
    kind: "query",
    access: "admin",
    args: contract.listSecretVersions.args,
  }),
  deleteSecret: row("deleteSecret", { kind: "mutation", access: "admin", args: contract.deleteSecret.args }),
  rewrapSecrets: row("rewrapSecrets", {
    kind: "mutation",
    access: "admin",
    args: contract.rewrapSecrets.args,
  }),
  rewrapProgress: row("rewrapProgress", {
    kind: "query",
    access: "admin",
    args: contract.rewrapProgress.args,
  }),
};
