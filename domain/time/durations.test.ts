import { describe, expect, it } from 'vitest';
import { Refusal } from '../errors.ts';
import { parseDuration } from './durations.ts';

describe('parsing a duration', () => {
  it.each([
    ['PT20S', 20_000],
    ['PT90M', 5_400_000],
    ['PT24H', 86_400_000],
    ['P2D', 172_800_000],
    ['P1DT1H', 90_000_000],
    ['PT0S', 0],
  ])('%s is %i ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['soon', 'PT-5M', 'P367D', 'P99999999999D'])('refuses %s with its JSON pointer', (text) => {
    expect(() => parseDuration(text, ['/policy/holdFor'])).toThrow(Refusal);
    expect(() => parseDuration(text, ['/policy/holdFor'])).toThrow(
      expect.objectContaining({ code: 'invalid_body', pointers: ['/policy/holdFor'] }),
    );
  });
});
