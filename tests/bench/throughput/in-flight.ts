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
