/**
 * How far the tests go that take long on purpose: a short, seeded slice in `npm run check`, the whole in
 * `npm run test:deep`. `TEST_SEED` repeats a run: kill moments, orders and generated requests follow from the seed.
 */
const isDeep = process.env['TEST_DEPTH'] === 'deep';

/** Returns the first value in an ordinary run and the second one in a deep run. */
export const atDepth = <Value>(slice: Value, deep: Value): Value => (isDeep ? deep : slice);

/** Fixed in an ordinary run, so that it fails on every machine or on none; new in each deep run, which prints it. */
export const testSeed = Number(
  process.env['TEST_SEED'] ?? atDepth(20_261_129, Math.trunc(Date.now() / 1_000)),
);

if (isDeep) process.stderr.write(`TEST_SEED=${testSeed} repeats this run\n`);

/** Returns a generator of numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export const seededRandom = (seed = testSeed): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};
