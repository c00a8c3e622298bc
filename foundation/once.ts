/** Shares work that must succeed once in a process, such as the reading of a key. */

/**
 * Returns a function whose first call does the work. All calls return its result, and those during the work wait for it. When it fails, they
 * reject with its error, and the next call does it again.
 */
export const onceSuccessful = <Result>(work: () => Promise<Result>): (() => Promise<Result>) => {
  let result: Promise<Result> | undefined;
  return () => {
    result ??= work().catch((error: unknown) => {
      result = undefined;
      throw error;
    });
    return result;
  };
};
