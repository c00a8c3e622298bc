import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { multiLineText, singleLineText } from './text.ts';

const line = singleLineText(200);
const lines = multiLineText(200);
const accepts = (schema: typeof line, text: string) => schema.safeParse(text).success;

describe('single-line text', () => {
  it.each(['Studio 2', 'Zoë Ó Briain', '山田 太郎', 'Noor نور', '👩‍🎤', 'a‍b'])('accepts %j', (text) => {
    expect(line.parse(text)).toBe(text);
  });

  it.each([
    'a\0b',
    'a\nb',
    'a\tb',
    'a\rb',
    'a\u001bb',
    'a\u007fb',
    'a\u0085b',
    'a\ud800b',
    '\udc00\ud800',
    'A\u202eB',
    'A\u2066B\u2069',
    'A\u200fB',
    'A\u2028B',
    'A\u2029B',
    'A\u206aB',
    'A\ufff9B\ufffa',
    'A\ufffeB',
    'A\uffffB',
    '\u200b',
    '\u200b \u2060\ufeff',
    '\u3164',
    '\u2800',
    '\u{e0041}',
    '',
    ' ',
  ])('refuses %j', (text) => {
    expect(accepts(line, text)).toBe(false);
  });

  it('is trimmed', () => {
    expect(line.parse('  Studio 2\n')).toBe('Studio 2');
  });
});

describe('multi-line text', () => {
  it('accepts line breaks and tabs, and converts CRLF to LF', () => {
    expect(lines.parse('Pages 3 to 5\r\n\tbring shoes\n')).toBe('Pages 3 to 5\n\tbring shoes\n');
  });

  it.each(['a\0b', 'a\rb', 'a\u001bb', 'a\ud800b', 'a\n\u202eb', 'a\u2028b', 'a\uffffb', '\n\u200b'])(
    'refuses %j',
    (text) => {
      expect(accepts(lines, text)).toBe(false);
    },
  );

  it('is well-formed and free of NUL for any input', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        for (const schema of [line, lines]) {
          const { data } = schema.safeParse(text);
          expect(data === undefined || !/\p{Bidi_Control}|\p{Cc}(?<![\n\t])/u.test(data)).toBe(true);
          expect(data === undefined || (data.isWellFormed() && !data.includes('\0'))).toBe(true);
        }
      }),
    );
  });
});
