import { createCipheriv, createDecipheriv, createHash, hkdfSync } from "node:crypto";
import fc from "../../../test/property.js";
import { describe, expect, it } from "vitest";
import { openEnvelope, type SecretVersion } from "./envelope.js";
import { masterKeyOf, type Bytes, type MasterKey } from "./masterKey.js";
import { encodeSecretValue, rewrapDataKey, sealEnvelope, type Envelope } from "./sealEnvelope.js";
import vectors from "./envelope.vectors.json" with { type: "json" };

const fromHex = (text: string): Bytes => new Uint8Array(Buffer.from(text, "hex"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** The documented format once more, with another library and nothing shared: what an auditor would write. */
const independent = {
  keyId: (key: Uint8Array) =>
    createHash("sha256").update("agent-factory/key-id/1\0").update(key).digest("hex").slice(0, 16),
  wrappingKey: (key: Uint8Array) =>
    Buffer.from(hkdfSync("sha256", key, Buffer.alloc(0), "agent-factory/af1/wrap", 32)),
  encrypt(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, associated: string) {
    const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(associated));
    return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  },
  decrypt(key: Uint8Array, whole: Uint8Array, associated: string) {
    const decipher = createDecipheriv("aes-256-gcm", key, whole.subarray(0, 12)).setAAD(
      Buffer.from(associated),
    );
    decipher.setAuthTag(whole.subarray(whole.length - 16));
    return Buffer.concat([decipher.update(whole.subarray(12, whole.length - 16)), decipher.final()]);
  },
  open(key: Uint8Array, { secretRef, version }: SecretVersion, sealed: Envelope) {
    const wrapData = `agent-factory/af1/wrap\n${this.keyId(key)}\n${secretRef}\n${version}`;
    const dataKey = this.decrypt(this.wrappingKey(key), sealed.wrappedKey, wrapData);
    return this.decrypt(
      dataKey,
      sealed.encryptedValue,
      `agent-factory/af1/value\n${secretRef}\n${version}`,
    ).toString();
  },
};

const bound = { secretRef: "telegram.botToken", version: 3 };
const aMaster = (fill = 1): Promise<MasterKey> =>
  masterKeyOf(Uint8Array.from({ length: 32 }, (_, i) => i * 5 + fill));
const draw = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));
const seal = async (master: MasterKey, text: string, at: SecretVersion = bound): Promise<Envelope> => {
  const value = encodeSecretValue(text);
  if (!value) throw new Error("not well-formed");
  return await sealEnvelope(master, at, value, {
    dataKey: draw(32),
    wrapNonce: draw(12),
    valueNonce: draw(12),
  });
};

describe("the committed vectors of af1", () => {
  it.each(vectors.envelopes)("$title: sealing gives these bytes", async (vector) => {
    const master = await masterKeyOf(fromHex(vector.masterKey));
    expect(master.keyId).toBe(vector.keyId);
    const sealed = await sealEnvelope(master, vector, new Uint8Array(Buffer.from(vector.value)), {
      dataKey: fromHex(vector.dataKey),
      wrapNonce: fromHex(vector.wrapNonce),
      valueNonce: fromHex(vector.valueNonce),
    });
    expect(toHex(sealed.wrappedKey)).toBe(vector.wrappedKey);
    expect(toHex(sealed.encryptedValue)).toBe(vector.encryptedValue);
    expect(await openEnvelope(master, vector, sealed)).toBe(vector.value);
  });

  it.each(vectors.envelopes)("$title: an independent implementation agrees", (vector) => {
    const key = fromHex(vector.masterKey);
    expect(independent.keyId(key)).toBe(vector.keyId);
    expect(independent.wrappingKey(key).toString("hex")).toBe(vector.wrappingKey);
    const { secretRef, version } = vector;
    const wrapData = `agent-factory/af1/wrap\n${vector.keyId}\n${secretRef}\n${version}`;
    const [nonce, dataKey] = [fromHex(vector.wrapNonce), fromHex(vector.dataKey)];
    const wrapped = independent.encrypt(fromHex(vector.wrappingKey), nonce, dataKey, wrapData);
    expect(wrapped.toString("hex")).toBe(vector.wrappedKey);
    const sealed = { wrappedKey: fromHex(vector.wrappedKey), encryptedValue: fromHex(vector.encryptedValue) };
    expect(independent.open(key, vector, sealed)).toBe(vector.value);
  });
});

describe("round trips", () => {
  it("any well-formed text comes back unchanged, here and in the independent implementation", async () => {
    const master = await aMaster();
    const text = fc.oneof(
      fc.string({ unit: "binary", minLength: 1, maxLength: 300 }),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 100 }),
      fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
      fc.constantFrom("\ufeffmark", "\0", "🔑", "é".repeat(30_000), "  spaced \r\n"),
    );
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 1e9 }), async (value, version) => {
        const at = { secretRef: "a.b-c_d", version };
        const sealed = await seal(master, value, at);
        expect(await openEnvelope(master, at, sealed)).toBe(value);
        // Buffer drops nothing either, so equality here also proves that a leading byte order mark was sealed.
        expect(independent.open(master.bytes, at, sealed)).toBe(value);
      }),
      { numRuns: 200, seed: 20 },
    );
  });

  it("text that UTF-8 cannot carry is refused instead of being altered", () => {
    expect(encodeSecretValue("half \ud83d of a pair")).toBeNull();
  });

  it("two sealings of one value have no bytes in common that would show it", async () => {
    const master = await aMaster();
    const [a, b] = [await seal(master, "same"), await seal(master, "same")];
    expect(toHex(a.encryptedValue)).not.toBe(toHex(b.encryptedValue));
    expect(toHex(a.wrappedKey)).not.toBe(toHex(b.wrappedKey));
  });
});

describe("a change of the master key", () => {
  it("rewraps 60 bytes, leaves the value alone, and opens under the new key only", async () => {
    const [from, to] = [await aMaster(1), await aMaster(2)];
    const sealed = await seal(from, "token");
    const wrappedKey = await rewrapDataKey({ from, to }, bound, sealed.wrappedKey, draw(12));
    if (!wrappedKey) throw new Error("not rewrapped");
    expect(wrappedKey.length).toBe(60);
    const moved = { ...sealed, wrappedKey };
    expect(independent.open(to.bytes, bound, moved)).toBe("token");
    expect(await openEnvelope(to, bound, moved)).toBe("token");
    expect(await openEnvelope(from, bound, moved)).toBeNull();
  });

  it("refuses a key that did not seal it, another version, and altered bytes", async () => {
    const [from, to] = [await aMaster(1), await aMaster(2)];
    const { wrappedKey } = await seal(from, "token");
    expect(await rewrapDataKey({ from: to, to: from }, bound, wrappedKey, draw(12))).toBeNull();
    expect(await rewrapDataKey({ from, to }, { ...bound, version: 4 }, wrappedKey, draw(12))).toBeNull();
    expect(await rewrapDataKey({ from, to }, bound, wrappedKey.slice(1), draw(12))).toBeNull();
    const altered = wrappedKey.map((byte, i) => (i === 20 ? byte ^ 1 : byte));
    expect(await rewrapDataKey({ from, to }, bound, altered, draw(12))).toBeNull();
  });
});

describe("what was altered or moved does not open", () => {
  it("every single flipped bit, in every region of both fields, is refused", async () => {
    const master = await aMaster();
    const sealed = await seal(master, "token");
    for (const field of ["wrappedKey", "encryptedValue"] as const) {
      for (let i = 0; i < sealed[field].length; i += 1) {
        const altered = {
          ...sealed,
          [field]: sealed[field].map((b, at) => (at === i ? b ^ (1 << (i % 8)) : b)),
        };
        expect(await openEnvelope(master, bound, altered), `${field}[${i}]`).toBeNull();
      }
    }
    expect(await openEnvelope(master, bound, sealed)).toBe("token");
  });

  it("every truncation and an extension are refused", async () => {
    const master = await aMaster();
    const sealed = await seal(master, "token");
    for (const field of ["wrappedKey", "encryptedValue"] as const) {
      for (let length = 0; length < sealed[field].length; length += 1) {
        const cut = { ...sealed, [field]: sealed[field].slice(0, length) };
        expect(await openEnvelope(master, bound, cut), `${field} cut to ${length}`).toBeNull();
      }
      const longer = { ...sealed, [field]: Uint8Array.from([...sealed[field], 0]) };
      expect(await openEnvelope(master, bound, longer)).toBeNull();
    }
  });

  it("another ref, another version, another key, or halves of two envelopes are refused", async () => {
    const master = await aMaster();
    const [one, two] = [await seal(master, "one"), await seal(master, "two")];
    expect(await openEnvelope(master, { ...bound, secretRef: "telegram.botToken.x" }, one)).toBeNull();
    expect(await openEnvelope(master, { ...bound, version: 4 }, one)).toBeNull();
    expect(await openEnvelope(await aMaster(2), bound, one)).toBeNull();
    expect(await openEnvelope({ ...(await aMaster(2)), keyId: master.keyId }, bound, one)).toBeNull();
    const mixed = { wrappedKey: one.wrappedKey, encryptedValue: two.encryptedValue };
    expect(await openEnvelope(master, bound, mixed)).toBeNull();
  });
});
