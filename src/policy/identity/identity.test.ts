import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { afterFailure, ATTEMPT_WINDOW_MS, isBlocked, MAX_FAILURES, type Attempts } from "./attempts.js";
import { chatBase, placeOfChat, placeOfUser, userBase, withGeneration } from "./conversationIds.js";
import { nextAction, type OnboardingFacts } from "./onboarding.js";
import { PAIRING_CODE_BYTES, pairingCodeOf, pairingTtlMs } from "./pairing.js";
import { sha256Hex } from "../text/sha256.js";

describe("ids of conversations", () => {
  it("are never those of another user, agent or generation", () => {
    const users = ["ann", "ann:g2", "ann:g2%", "ann%", "ann%%", "ann:g2:g3", "g2", ":g2", "ann:x", "1:a:ann"];
    const seen = new Map<string, string>();
    for (const user of users) {
      for (const agentKey of [undefined, "a", "a:ann", "1:a"]) {
        for (const generation of [1, 2, 3]) {
          const id = withGeneration(userBase(user, agentKey), generation);
          const whose = JSON.stringify([user, agentKey, generation]);
          expect(seen.get(id) ?? whose, id).toBe(whose);
          seen.set(id, whose);
        }
      }
    }
  });
  it("stay what they were for every ordinary user id", () => {
    for (const user of ["ann", "user_2xY", "https://id|ann", "a:b", "a:g", "g2"])
      expect(userBase(user)).toBe(`user:${user}`);
  });
});

describe("pairing codes", () => {
  it("carry at least 100 bits", () => {
    expect(PAIRING_CODE_BYTES * 8).toBeGreaterThanOrEqual(100);
  });
  it("are an exact, reversible form of their bytes in Telegram's start alphabet", () => {
    const seen = new Set<string>();
    for (let n = 0; n < 2_000; n += 1) {
      const bytes = new Uint8Array(randomBytes(PAIRING_CODE_BYTES));
      const code = pairingCodeOf(bytes);
      expect(code).toMatch(/^[A-Za-z0-9_-]{22}$/);
      expect(new Uint8Array(Buffer.from(code, "base64url"))).toEqual(bytes);
      seen.add(code);
    }
    expect(seen.size).toBe(2_000);
  });
  it("use every character of the alphabet", () => {
    const all = pairingCodeOf(Uint8Array.from({ length: 256 * 3 }, (_, index) => (index * 7) % 256));
    expect(new Set(all).size).toBe(64);
  });
  it.each([
    [undefined, 900_000],
    [Number.NaN, 900_000],
    [0, 60_000],
    [-1, 60_000],
    [60_001.9, 60_001],
    [Number.POSITIVE_INFINITY, 86_400_000],
  ])("live %d for %d ms", (wanted, ttl) => {
    expect(pairingTtlMs(wanted)).toBe(ttl);
  });
  it("are kept as SHA-256", async () => {
    expect(await sha256Hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});

describe("wrong codes", () => {
  it("block a sender within a window, and no longer", () => {
    let attempts: Attempts | null = null;
    for (let n = 0; n < MAX_FAILURES; n += 1) {
      expect(isBlocked(attempts, n)).toBe(false);
      attempts = afterFailure(attempts, n);
    }
    expect(isBlocked(attempts, MAX_FAILURES)).toBe(true);
    expect(isBlocked(attempts, ATTEMPT_WINDOW_MS - 1)).toBe(true);
    expect(isBlocked(attempts, ATTEMPT_WINDOW_MS)).toBe(false);
    expect(afterFailure(attempts, ATTEMPT_WINDOW_MS)).toEqual({
      windowStartedAt: ATTEMPT_WINDOW_MS,
      failures: 1,
    });
  });
});

describe("conversation ids", () => {
  it("have the names that operators know", () => {
    expect(chatBase({ channel: "telegram", accountId: "99", chatId: "42" })).toBe("telegram:42");
    expect(chatBase({ channel: "telegram", accountId: "99", chatId: "-42", threadId: "7" }, "99")).toBe(
      "telegram:-42:99:7",
    );
    expect(userBase("u")).toBe("user:u");
    expect(withGeneration("telegram:42", 1)).toBe("telegram:42");
    expect(withGeneration("telegram:42", 2)).toBe("telegram:42:g2");
  });
  it("keep pairs apart whose parts hold separators", () => {
    expect(userBase("c", "a:b")).not.toBe(userBase("b:c", "a"));
    expect(placeOfUser("x")).not.toBe(placeOfChat({ channel: "telegram", accountId: "x", chatId: "1" }));
    const chat = { channel: "telegram", accountId: "1", chatId: "2", threadId: "3" };
    expect(placeOfChat(chat)).toBe("telegram:1@2:3");
  });
});

describe("the next step of onboarding", () => {
  it("is the first that is missing, whatever else is true", () => {
    const expected = (facts: OnboardingFacts) => {
      if (!facts.tokenImported) return "import_token";
      if (!facts.webhookReady) return "configure_webhook";
      if (facts.paired) return "ready";
      return facts.pairingStatus === "pending" ? "complete_pairing" : "create_pairing";
    };
    const reached = new Set<string>();
    for (const tokenImported of [false, true])
      for (const webhookReady of [false, true])
        for (const paired of [false, true])
          for (const pairingStatus of ["pending", "used", "expired", null] as const) {
            const facts = { tokenImported, webhookReady, paired, pairingStatus };
            const step = nextAction(facts);
            expect(step).toBe(expected(facts));
            reached.add(step);
          }
    expect(reached.size).toBe(5);
  });
});
