import { afterEach, describe, expect, it } from "vitest";
import { startModelServer, type ModelServer, type ModelServerOptions } from "./index.js";

let server: ModelServer;
afterEach(() => server.close());

/** Status and text of the answer to these messages. */
async function ask(messages: unknown[]) {
  const response = await fetch(`${server.baseUrl}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "sim-1", messages }),
  });
  return { status: response.status, text: await response.text() };
}
const start = async (options: ModelServerOptions) => void (server = await startModelServer(options));

const user = { role: "user", content: "a" };
const assistant = { role: "assistant", content: "hello" };
const system = { role: "system", content: "be nice" };
const tool = { role: "tool", content: "42", tool_call_id: "c" };

describe("with strict roles", () => {
  it.each([
    ["the user alone", [user]],
    ["the system first", [system, user]],
    ["turns", [system, user, assistant, user]],
    ["the results of tools within a turn", [user, assistant, tool, tool, assistant, user]],
    ["the results of tools at the end", [user, assistant, tool]],
  ])("%s is answered", async (_, messages) => {
    await start({ strictRoles: true });
    expect((await ask(messages)).status).toBe(200);
  });

  it.each([
    ["two users in a row", [user, user]],
    ["two assistants in a row", [user, assistant, assistant, user]],
    ["the assistant first", [assistant, user]],
    ["the assistant last", [user, assistant]],
    ["the system in the middle", [user, assistant, system, user]],
    ["the system alone", [system]],
    ["the result of a tool that nobody called", [user, tool]],
  ])("%s is refused, and no rule is used up", async (_, messages) => {
    await start({ strictRoles: true, rules: [{ answer: "once", times: 1 }] });
    expect((await ask(messages)).status).toBe(400);
    expect(server.requests()).toEqual([]);
    expect((await ask([user])).text).toContain("once");
  });

  it("is an option: without it every order is answered", async () => {
    await start({});
    expect((await ask([assistant, assistant])).status).toBe(200);
  });
});
