import * as fc from 'fast-check';
import { SegmentedMessage } from 'sms-segments-calculator';
import { describe, expect, it } from 'vitest';
import { textSegments } from './text-segments.ts';

describe('textSegments', () => {
  it.each([
    ['nothing', ''],
    ['a short message', 'Your audition is on Tuesday.'],
    ['160 characters of GSM 03.38', 'a'.repeat(160)],
    ['161 characters of GSM 03.38', 'a'.repeat(161)],
    ['characters of the extension table', '€'.repeat(80)],
    ['an extension character at the end of a segment', `${'a'.repeat(152)}€${'a'.repeat(20)}`],
    ['306 and 307 characters', 'a'.repeat(307)],
    ['French accents that GSM 03.38 has', 'é'.repeat(160)],
    ['a French accent that GSM 03.38 lacks', `${'a'.repeat(70)}ê`],
    ['70 characters of UCS-2', 'ê'.repeat(70)],
    ['71 characters of UCS-2', 'ê'.repeat(71)],
    ['characters outside of the basic plane', '🎬'.repeat(36)],
    ['a surrogate pair at the end of a segment', `${'ê'.repeat(66)}🎬${'ê'.repeat(66)}`],
  ])('counts %s as Twilio does', (_, body) => {
    expect(textSegments(body)).toBe(Math.max(1, new SegmentedMessage(body).segmentsCount));
  });

  const parts = [
    'Audition, 10:00',
    '€',
    '[',
    'é',
    'ê',
    'Ж',
    '🎭',
    'a'.repeat(60),
    '€'.repeat(40),
    'ж'.repeat(40),
  ];
  it('counts any mixture as the calculator of Twilio does', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 12 }), (chosen) => {
        const text = chosen.join('');
        fc.pre(text !== '');
        expect(textSegments(text)).toBe(new SegmentedMessage(text).segmentsCount);
      }),
    );
  });
});
