/** Several measurements of one thing, as the middle one and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** @throws {RangeError} when nothing was measured. */
export const spreadOf = (measured: readonly number[]): Spread => {
  const sorted = measured.toSorted((a, b) => a - b);
  const [lower, upper] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (lower === undefined || upper === undefined || least === undefined || most === undefined) {
    throw new RangeError('nothing was measured');
  }
  return { median: (lower + upper) / 2, least, most };
};
