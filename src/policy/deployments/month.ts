/** Calendar months in UTC, as `2030-01`. Pure. */

/** The month of a time in epoch ms. */
export const monthOf = (at: number): string => new Date(at).toISOString().slice(0, 7);

export const isMonth = (text: string): boolean => /^\d{4}-(0[1-9]|1[0-2])$/.test(text);

/** The first moment after a month, in epoch ms. */
export function monthEnd(month: string): number {
  const [year = 0, number = 0] = month.split("-").map(Number);
  return Date.UTC(year, number, 1);
}
