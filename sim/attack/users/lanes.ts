/** Which workers get a message: a user whose agent takes its lane from the binding says another in the metadata. */
import { z } from "zod";
import type { Args } from "../../deployment/index.js";
import type { Origins } from "../requests.js";
import { answered, type HostileCase } from "../types.js";
import { callAs } from "./calls.js";
import type { UserStage } from "./stage.js";

const zExplained = z.object({ lane: z.string() });

export function laneCases(stage: UserStage, origins: Origins): HostileCase[] {
  const { deployment, nomad } = stage;
  const { user, agentKey, region } = nomad;
  const metadata = { region: `not-${region}` };
  const send = { consumerUserId: user, agentKey, content: "hi", metadata };
  const message = { provider: "app", providerUserId: user, messageText: "hi", metadata };
  const write = { conversationId: `user:${user}`, agentKey };
  /** The lane of a message that was taken in. */
  const strayed = async (messageId: unknown): Promise<string | null> => {
    const asked = { messageId: z.string().parse(messageId) };
    const { lane } = zExplained.parse(await deployment.lib("explainMessage", asked));
    return lane === nomad.lane ? null : `the message is on the lane ${lane}`;
  };
  /** `host`: the same by the host, whose word counts. */
  const one = (name: string, args: Args, host: Args): HostileCase => ({
    ...{ kind: "foreignLane", door: "api", label: `foreignLane example/${name}` },
    ...{ expected: answered, target: null },
    build: () => callAs(stage, origins, user, { name, kind: "mutation" }, args),
    damage: async ({ ok, value }) => (ok ? strayed(value) : null),
    control: async () =>
      (await strayed(await deployment.lib(name, host))) === null ? "another lane is not seen" : null,
  });
  return [
    one("sendMessageToUserAgent", send, send),
    one("enqueue", { ...write, ...message }, { ...write, payload: message }),
  ];
}
