/** What an app shows its users of their agents. Every call names the user and, where there is one, the agent. */
import * as contract from "../../contract/views.js";
import { mappedRow, row } from "./row.js";

interface Pair {
  consumerUserId: string;
  agentKey: string;
}
const pairScope = ({ consumerUserId, agentKey }: Pair) => ({ consumerUserId, agentKey });
const userScope = ({ consumerUserId }: { consumerUserId: string }) => ({ consumerUserId });

const { saidByUser: _caller, ...sendArgs } = contract.sendMessageToUserAgent.args;
const { includeDownloadUrls: _host, ...snapshotListArgs } = contract.listSnapshotsForUserAgent.args;
const { includeDownloadUrls: _hostToo, ...latestSnapshotArgs } = contract.getLatestSnapshotForUserAgent.args;

export const viewsSurface = {
  listUserAgents: row("listUserAgents", {
    kind: "query",
    access: "read",
    args: contract.listUserAgents.args,
    scope: userScope,
  }),
  getUserAgent: row("getUserAgent", {
    kind: "query",
    access: "read",
    args: contract.getUserAgent.args,
    scope: pairScope,
  }),
  getActiveUserAgent: row("getActiveUserAgent", {
    kind: "query",
    access: "read",
    args: contract.getActiveUserAgent.args,
    scope: userScope,
  }),
  getUserAgentsOverview: row("getUserAgentsOverview", {
    kind: "query",
    access: "read",
    args: contract.getUserAgentsOverview.args,
    scope: userScope,
  }),
  getConversationViewForUserAgent: row("getConversationViewForUserAgent", {
    kind: "query",
    access: "read",
    args: contract.getConversationViewForUserAgent.args,
    scope: pairScope,
  }),
  listQueueItemsForUserAgent: row("listQueueItemsForUserAgent", {
    kind: "query",
    access: "read",
    args: contract.listQueueItemsForUserAgent.args,
    scope: pairScope,
  }),
  sendMessageToUserAgent: mappedRow(
    "sendMessageToUserAgent",
    { kind: "mutation", access: "write", args: sendArgs, fill: ["providerConfig"], scope: pairScope },
    (args, { isAdmin }) => ({ ...args, saidByUser: isAdmin ? undefined : true }),
  ),
  getUserAgentPushStats: row("getUserAgentPushStats", {
    kind: "query",
    access: "read",
    args: contract.getUserAgentPushStats.args,
    scope: pairScope,
  }),
  getUserAgentConversationStats: row("getUserAgentConversationStats", {
    kind: "query",
    access: "read",
    args: contract.getUserAgentConversationStats.args,
    scope: pairScope,
  }),
  getUserAgentUsageStats: row("getUserAgentUsageStats", {
    kind: "query",
    access: "read",
    args: contract.getUserAgentUsageStats.args,
    scope: pairScope,
  }),
  // Without download URLs: those open the memory to whoever has them.
  listSnapshotsForUserAgent: mappedRow(
    "listSnapshotsForUserAgent",
    { kind: "query", access: "read", args: snapshotListArgs, scope: pairScope },
    (args) => args,
  ),
  getLatestSnapshotForUserAgent: mappedRow(
    "getLatestSnapshotForUserAgent",
    { kind: "query", access: "read", args: latestSnapshotArgs, scope: pairScope },
    (args) => args,
  ),
};
