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

/** As many at once as wanted, the next one as soon as one is done. Resolves with how many were done a second. */
export const ratePerSecond = async (
  { count, inFlight }: { readonly count: number; readonly inFlight: number },
  one: () => Promise<void>,
): Promise<number> => {
  let begun = 0;
  const lane = async () => {
    while (begun < count) {
      begun += 1;
      await one();
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  return (count * 1_000) / (performance.now() - started);
};

/** One round: operations a second of the service, and of what it is compared with. */
export interface Round {
  readonly real: number;
  readonly alone: number;
  readonly ratio: number;
}

/** Compares the median ratio of the rounds with the target. */
export const compareRounds = (rounds: readonly Round[], target: number) => {
  const ratio = spreadOf(rounds.map((one) => one.ratio));
  return {
    target,
    isMet: ratio.median >= target,
    real: spreadOf(rounds.map(({ real }) => real)),
    bare: spreadOf(rounds.map(({ alone }) => alone)),
    ratio,
  };
};
