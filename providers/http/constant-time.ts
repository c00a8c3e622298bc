/** Compares signatures in constant time. */
import { timingSafeEqual } from 'node:crypto';

/** Compares two strings in a time that depends only on their lengths. */
export const equalInConstantTime = (actual: string, expected: string): boolean => {
  const [actualBytes, expectedBytes] = [Buffer.from(actual), Buffer.from(expected)];
  return actualBytes.length === expectedBytes.length && timingSafeEqual(actualBytes, expectedBytes);
};
