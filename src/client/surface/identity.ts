/** Users and their agents: bindings, pairing codes, onboarding. */
import { v } from "convex/values";
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/identity.js";
import { mappedRow, row } from "./row.js";

const ofUser = ({ consumerUserId }: { consumerUserId: string }) => ({ consumerUserId });
const ofUserAgent = ({ consumerUserId, agentKey }: { consumerUserId: string; agentKey: string }) => ({
  consumerUserId,
  agentKey,
});

export const identitySurface = {
  // Whoever may name Telegram ids could take over another user's account.
  bindUserAgent: row("bindUserAgent", {
    kind: "mutation",
    access: "admin",
    args: contract.bindUserAgent.args,
    scope: ofUserAgent,
  }),
  consumePairingCode: row("consumePairingCode", {
    kind: "mutation",
    access: "admin",
    args: contract.consumePairingCode.args,
  }),
  revokeUserAgentBinding: row("revokeUserAgentBinding", {
    kind: "mutation",
    access: "write",
    args: contract.revokeUserAgentBinding.args,
    scope: ofUser,
  }),
  createPairingCode: row("createPairingCode", {
    kind: "mutation",
    access: "write",
    args: contract.createPairingCode.args,
    scope: ofUserAgent,
  }),
  createUserAgentPairing: row("createUserAgentPairing", {
    kind: "mutation",
    access: "write",
    args: contract.createUserAgentPairing.args,
    scope: ofUserAgent,
  }),
  getUserAgentBinding: row("getUserAgentBinding", {
    kind: "query",
    access: "read",
    args: contract.getUserAgentBinding.args,
    scope: ofUser,
  }),
  /** Of the user that `auth` returned, unless the call names one. */
  myAgentKey: mappedRow(
    "resolveAgentForUser",
    {
      kind: "query",
      access: "read",
      args: { consumerUserId: v.optional(v.string()) },
      scope: ({ consumerUserId }) => (consumerUserId === undefined ? {} : { consumerUserId }),
    },
    ({ consumerUserId }, { userId }) => {
      const user = consumerUserId ?? userId;
      if (user === null) throw factoryError("invalid_argument", "consumerUserId is required");
      return { consumerUserId: user };
    },
  ),
  // It tells who is behind a Telegram account.
  resolveAgentForTelegram: row("resolveAgentForTelegram", {
    kind: "query",
    access: "admin",
    args: contract.resolveAgentForTelegram.args,
  }),
  // Whoever knows the code is its owner, or was given it by them.
  getPairingCodeStatus: row("getPairingCodeStatus", {
    kind: "query",
    access: "read",
    args: contract.getPairingCodeStatus.args,
  }),
  getUserAgentPairingStatus: row("getUserAgentPairingStatus", {
    kind: "query",
    access: "read",
    args: contract.getUserAgentPairingStatus.args,
    scope: ofUserAgent,
  }),
  getUserAgentOnboardingState: row("getUserAgentOnboardingState", {
    kind: "query",
    access: "read",
    args: contract.getUserAgentOnboardingState.args,
    scope: ofUserAgent,
  }),
  getProviderOperationalReadiness: row("getProviderOperationalReadiness", {
    kind: "query",
    access: "read",
    args: contract.getProviderOperationalReadiness.args,
  }),
  getAgentOperationalReadiness: row("getAgentOperationalReadiness", {
    kind: "query",
    access: "read",
    args: contract.getAgentOperationalReadiness.args,
    scope: ofUserAgent,
  }),
  getTelegramAgentReadiness: row("getTelegramAgentReadiness", {
    kind: "query",
    access: "read",
    args: contract.getAgentOperationalReadiness.args,
    scope: ofUserAgent,
  }),
};
