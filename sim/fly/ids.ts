import type { Random } from "../faults/index.js";

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Ids in Fly's shapes, the same for the same seed. */
export class Ids {
  constructor(private readonly random: Random) {}

  /** 14 hex characters. */
  machine(): string {
    return this.text("0123456789abcdef", 14);
  }

  /** A ULID: the version of a machine's configuration. */
  instance(): string {
    return `01${this.text(CROCKFORD, 24)}`;
  }

  volume(): string {
    return `vol_${this.text("0123456789abcdefghijklmnopqrstuvwxyz", 16)}`;
  }

  private text(alphabet: string, length: number): string {
    return Array.from({ length }, () => alphabet[Math.floor(this.random() * alphabet.length)]).join("");
  }
}
