/** An error answer of the Machines API. */
export class Refusal extends Error {
  /** @param word the machine-readable `status` that some errors carry. */
  constructor(
    readonly httpStatus: 400 | 401 | 403 | 404 | 409 | 412 | 422 | 429 | 503,
    readonly text: string,
    readonly word?: string,
  ) {
    super(text);
  }

  body(): { error: string; status?: string } {
    return this.word === undefined ? { error: this.text } : { error: this.text, status: this.word };
  }
}
