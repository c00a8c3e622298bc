/** Whether a signature is the one it should be, in a time that does not say how near a wrong one comes. */
import { timingSafeEqual } from 'node:crypto';

export const equalInConstantTime = (given: string, expected: string): boolean => {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
};
