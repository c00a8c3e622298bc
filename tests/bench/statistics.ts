/** The median, minimum and maximum of several measurements. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/**
 * Returns the median, minimum and maximum.
 * @throws {RangeError} when `measured` is empty
 */
export const spreadOf = (measured: readonly number[]): Spread => {
  const sorted = measured.toSorted((a, b) => a - b);
  const [lower, upper] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (lower === undefined || upper === undefined || least === undefined || most === undefined) {
    throw new RangeError('there are no measurements; run at least one round');
  }
  return { median: (lower + upper) / 2, least, most };
};

/** Runs an operation `count` times, at most `inFlight` simultaneously. Resolves with the operations per second. */
export const ratePerSecond = async (
  { count, inFlight }: { readonly count: number; readonly inFlight: number },
  operation: () => Promise<void>,
): Promise<number> => {
  let begun = 0;
  const lane = async () => {
    while (begun < count) {
      begun += 1;
      await operation();
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  return (count * 1_000) / (performance.now() - started);
};

/** One round: operations per second of the service (`real`) and of its baseline (`alone`). */
export interface Round {
  readonly real: number;
  readonly alone: number;
  readonly ratio: number;
}

/** Compares the median ratio of the rounds with the target. */
export const compareRounds = (rounds: readonly Round[], target: number) => {
  const ratio = spreadOf(rounds.map((round) => round.ratio));
  return {
    target,
    isMet: ratio.median >= target,
    real: spreadOf(rounds.map(({ real }) => real)),
    bare: spreadOf(rounds.map(({ alone }) => alone)),
    ratio,
  };
};

/**
 * Returns the nearest-rank percentile; `share` is between 0 and 1.
 * @throws {RangeError} when `measured` is empty
 */
export const percentileOf = (measured: readonly number[], share: number): number => {
  const value = measured.toSorted((a, b) => a - b)[Math.max(Math.ceil(measured.length * share) - 1, 0)];
  if (value === undefined) throw new RangeError('there are no measurements; run at least one round');
  return value;
};
