import { describe, expect, it } from 'vitest';
import { withGsmLetters } from './gsm-letters.ts';

describe('withGsmLetters', () => {
  it.each([
    ['La Fête du cœur, 31 août, où, Ça', 'La Fete du coeur, 31 aout, où, Ça'],
    ['Ада', 'Ада'],
    ['Fête Ада', 'Fête Ада'],
    ['Đặng', 'Đặng'],
    ['e\u0301te\u0302', 'éte'],
  ])('writes %s as %s', (text, written) => {
    expect(withGsmLetters(text)).toBe(written);
  });
});
