/** Whose a contact at a channel is: apart from the other reads of bindings, because every message asks it. No writes. */
import type { Contact } from "../../policy/compat/contacts.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

export type Binding = Doc<"identityBindings">;

/**
 * The active binding of an account or chat at a channel, the user id first. With `accountId`, bindings of other accounts are
 * passed over; one whose account is not known yet counts as a candidate. At most one document is read per lookup.
 */
export async function bindingOfContact(
  ctx: QueryCtx,
  { channel, userId, chatId }: Contact,
  accountId?: string,
): Promise<Binding | null> {
  const accounts = accountId === undefined ? [null] : [accountId, undefined];
  const bindings = () => ctx.db.query("identityBindings");
  if (userId !== undefined) {
    for (const account of accounts) {
      const found = await bindings()
        .withIndex("by_user", (q) => {
          const active = q.eq("channel", channel).eq("userId", userId).eq("status", "active");
          return account === null ? active : active.eq("accountId", account);
        })
        .order("desc")
        .first();
      if (found) return found;
    }
  }
  if (chatId === undefined) return null;
  for (const account of accounts) {
    const found = await bindings()
      .withIndex("by_chat", (q) => {
        const active = q.eq("channel", channel).eq("chatId", chatId).eq("status", "active");
        return account === null ? active : active.eq("accountId", account);
      })
      .order("desc")
      .first();
    if (found) return found;
  }
  return null;
}
