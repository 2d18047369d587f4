import { describe, expect, it } from "vitest";
import { agentKeyOfSecretRef, botIdOfToken } from "./botToken.js";
import { decideWebhookUrl, isSelfHostedBotApi } from "./webhookUrl.js";

const PATH = "/agent-factory/telegram/webhook";

describe("the webhook URL", () => {
  it.each([
    [" https://x.convex.site// ", `https://x.convex.site${PATH}`],
    ["https://x.eu-west-1.convex.cloud/", `https://x.eu-west-1.convex.site${PATH}`],
    ["https://bots.example.cloud", `https://bots.example.cloud${PATH}`],
  ])("%j becomes %j", (site, url) => {
    expect(decideWebhookUrl(site, PATH, false)).toEqual({ ok: true, url });
  });
  it.each([
    ["  ", "convexSiteUrl is required."],
    ["http://x.convex.site", "convexSiteUrl must start with https://"],
    ["x.convex.site", "convexSiteUrl must start with https://"],
    ["https://", "convexSiteUrl must start with https://"],
  ])("%j is refused: %s", (site, message) => {
    expect(decideWebhookUrl(site, PATH, false)).toEqual({ ok: false, message });
  });
  it("takes http only for a self-hosted Bot API server", () => {
    expect(isSelfHostedBotApi("https://api.telegram.org")).toBe(false);
    expect(isSelfHostedBotApi("http://127.0.0.1:8081")).toBe(true);
    expect(decideWebhookUrl("http://127.0.0.1:1", PATH, true)).toEqual({
      ok: true,
      url: `http://127.0.0.1:1${PATH}`,
    });
  });
});

describe("tokens and refs", () => {
  it("takes the bot's id from a token and refuses what is none", () => {
    expect(botIdOfToken(`123456:${"A".repeat(35)}`)).toBe("123456");
    expect(botIdOfToken("123456:short")).toBeNull();
    expect(botIdOfToken(`0123:${"A".repeat(35)}`)).toBeNull();
  });
  it("takes the agent from the ref", () => {
    expect(agentKeyOfSecretRef("telegram.botToken.sales")).toBe("sales");
    expect(agentKeyOfSecretRef("telegram.botToken")).toBeNull();
    expect(agentKeyOfSecretRef("telegram.botToken.")).toBeNull();
    expect(agentKeyOfSecretRef("other")).toBeNull();
  });
});
