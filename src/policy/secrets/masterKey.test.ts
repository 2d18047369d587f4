import { randomBytes } from "node:crypto";
import fc from "../../../test/property.js";
import { describe, expect, it } from "vitest";
import { decodeMasterKey, isWeakMasterKey, masterKeyFault, masterKeyOf } from "./masterKey.js";

const key = Buffer.from(Array.from({ length: 32 }, (_, i) => 251 - 7 * i));

describe("decodeMasterKey", () => {
  it("reads hex, base64 and base64url of 32 bytes, padded or not, in white space", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const b = Buffer.from(bytes);
        const forms = [
          b.toString("hex"),
          b.toString("hex").toUpperCase(),
          b.toString("base64"),
          b.toString("base64url"),
        ];
        forms.push(
          b.toString("base64").replace("=", ""),
          `${b.toString("base64url")}=`,
          `  ${b.toString("base64")}\n`,
        );
        for (const form of forms) expect(Buffer.from(decodeMasterKey(form) ?? [])).toEqual(b);
      }),
      { seed: 3 },
    );
  });

  it("refuses every other length and anything that is no encoding", () => {
    for (const length of [0, 1, 16, 24, 31, 33, 48, 64]) {
      expect(
        decodeMasterKey(
          key
            .toString("hex")
            .repeat(2)
            .slice(0, 2 * length),
        ) === null,
      ).toBe(true);
      expect(decodeMasterKey(Buffer.concat([key, key]).subarray(0, length).toString("base64"))).toBeNull();
    }
    for (const text of [
      "correct horse battery staple",
      `0x${key.toString("hex")}`,
      `"${key.toString("base64")}"`,
    ]) {
      expect(decodeMasterKey(text)).toBeNull();
    }
  });
});

describe("masterKeyFault", () => {
  it("says how many bytes a readable text holds, and else that it is none of the encodings", () => {
    for (const length of [1, 16, 24, 31, 33, 48, 64]) {
      const bytes = Buffer.concat([key, key]).subarray(0, length);
      for (const form of ["hex", "base64", "base64url"] as const)
        expect(masterKeyFault(`${bytes.toString(form)}\n`)).toBe(`holds ${length} bytes instead of 32`);
    }
    for (const text of ["correct horse battery staple", '"quoted"', "a".repeat(41), "abcde"])
      expect(masterKeyFault(text)).toBe("is neither base64, base64url nor hex");
  });
});

describe("key names and strength", () => {
  it("the name is 16 hex digits, follows from the key and is no part of it", async () => {
    const { keyId } = await masterKeyOf(new Uint8Array(key));
    expect(keyId).toMatch(/^[0-9a-f]{16}$/);
    expect((await masterKeyOf(new Uint8Array(key))).keyId).toBe(keyId);
    const other = new Uint8Array(key);
    other[31] = (other[31] ?? 0) ^ 1;
    expect((await masterKeyOf(other)).keyId).not.toBe(keyId);
    expect(key.toString("hex")).not.toContain(keyId);
  });

  it("repeated bytes and pass phrases are weak; drawn keys are not", () => {
    expect(isWeakMasterKey(new Uint8Array(32))).toBe(true);
    expect(isWeakMasterKey(new Uint8Array(Buffer.from("correct horse battery staple 123")))).toBe(true);
    for (let i = 0; i < 200; i += 1) expect(isWeakMasterKey(new Uint8Array(randomBytes(32)))).toBe(false);
  });
});
