/**
 * Readers of foreign JSON, for what every call of the component loads. A reader returns the value as its type or throws; a file
 * of schemas is a file of readers. Elsewhere zod does this; here it would take six times as long to load as `convex/server`,
 * and even valibot adds 12 kB to 250 kB for the two shapes that are read: an update of a channel and the claims of a token.
 */

export type Reader<T> = (value: unknown) => T;
type Fields = Readonly<Record<string, Reader<unknown>>>;
type OptionalOf<F extends Fields> = {
  [Name in keyof F]: undefined extends ReturnType<F[Name]> ? Name : never;
}[keyof F];
/** What an object with these fields is read as. */
export type Read<F extends Fields> = {
  [Name in Exclude<keyof F, OptionalOf<F>>]: ReturnType<F[Name]>;
} & { [Name in OptionalOf<F>]?: ReturnType<F[Name]> };

/** Thrown by every reader; says nothing of the value, which may be a secret. */
class Misread extends Error {}

/** What `reader` accepts and `test` does too. */
export const where =
  <T>(reader: Reader<T>, test: (value: T) => boolean): Reader<T> =>
  (value) => {
    const read = reader(value);
    if (!test(read)) throw new Misread();
    return read;
  };

const ofType =
  <T>(type: string): Reader<T> =>
  (value) => {
    if (typeof value !== type) throw new Misread();
    return value as T;
  };
export const string = ofType<string>("string");
export const boolean = ofType<boolean>("boolean");
/** Finite: JSON can say 1e999. */
export const number = where(ofType<number>("number"), Number.isFinite);
export const integer = where(number, Number.isSafeInteger);

/** Absent or as `reader` has it; null is not absent. */
export const optional =
  <T>(reader: Reader<T>): Reader<T | undefined> =>
  (value) =>
    value === undefined ? undefined : reader(value);

export const list =
  <T>(reader: Reader<T>): Reader<T[]> =>
  (value) => {
    if (!Array.isArray(value)) throw new Misread();
    return value.map(reader);
  };

/** An object's fields of these names; others are left out. */
export const object =
  <F extends Fields>(fields: F): Reader<Read<F>> =>
  (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Misread();
    const read: Record<string, unknown> = {};
    for (const [name, reader] of Object.entries(fields)) {
      const field = reader((value as Record<string, unknown>)[name]);
      if (field !== undefined) read[name] = field;
    }
    return read as Read<F>;
  };

/** The same with all other fields as they came. */
export const looseObject = <F extends Fields>(fields: F): Reader<Record<string, unknown> & Read<F>> => {
  const known = object(fields);
  return (value) => {
    const read = known(value);
    return { ...(value as object), ...read };
  };
};

/** A reader that is built for the first value, not when its module is loaded. */
export function lazily<T>(build: () => Reader<T>): Reader<T> {
  let reader: Reader<T> | undefined;
  return (value) => (reader ??= build())(value);
}

/** What `reader` makes of a value, or null when it refuses. */
export function readOrNull<T>(reader: Reader<T>, value: unknown): T | null {
  try {
    return reader(value);
  } catch (error) {
    if (error instanceof Misread) return null;
    throw error;
  }
}
