import { describe, expect, it } from 'vitest';
import { decodeCalendar } from './calendar-bytes.ts';

const utf16 = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');

/** Folds the line between the two bytes of its last character (RFC 5545, section 3.1). */
const foldedInside = (text: string): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([bytes.subarray(0, -1), Buffer.from('\r\n '), bytes.subarray(-1)]);
};

describe('decodeCalendar', () => {
  it.each([
    ['UTF-8 without a charset', Buffer.from('Café'), null],
    ['UTF-8 with a byte order mark', Buffer.from('\ufeffCafé'), 'text/calendar'],
    ['a byte order mark that contradicts the header', utf16('Café'), 'text/calendar; charset=utf-8'],
    ['UTF-16 in big-endian order', utf16('Café').swap16(), null],
    ['the charset of the header', Buffer.from('Café', 'latin1'), 'text/calendar; charset="iso-8859-1"'],
    ['Windows-1252 without a charset', Buffer.from('Café', 'latin1'), 'text/calendar'],
    ['UTF-8 with a line that is folded inside a character', foldedInside('Café'), null],
    ['the same with a byte order mark', foldedInside('\ufeffCafé'), 'text/calendar; charset=utf-8'],
    [
      'Windows-1252 behind the byte order mark of UTF-8',
      Buffer.concat([Buffer.from('\ufeff'), Buffer.from('Café', 'latin1')]),
      'text/calendar',
    ],
    ['an unknown charset', Buffer.from('Café'), 'text/calendar; charset=klingon'],
  ])('reads %s', (_what, bytes, contentType) => {
    expect(decodeCalendar(bytes, contentType)).toBe('Café');
  });
});
