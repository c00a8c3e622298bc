import { describe, expect, it } from 'vitest';
import { decodeFeed, kindOfFeed } from './feed-text.ts';

const utf16 = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');

/** Folds the line between the two bytes of its last character (RFC 5545, section 3.1). */
const foldedInside = (text: string): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([bytes.subarray(0, -1), Buffer.from('\r\n '), bytes.subarray(-1)]);
};

describe('decodeFeed', () => {
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
    expect(decodeFeed(bytes, contentType)).toBe('Café');
  });
});

const calendar = 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n';

describe('kindOfFeed', () => {
  it.each([
    ['a calendar', calendar, 'text/calendar', 'calendar'],
    ['a calendar with another media type', calendar, 'application/octet-stream', 'calendar'],
    ['a calendar that is declared as a page', `\n\n${calendar.toLowerCase()}`, 'text/html', 'calendar'],
    ['a calendar without its end', calendar.slice(0, 30), 'text/calendar', 'incomplete'],
    ['a page', '<!DOCTYPE html><html lang="en"></html>', 'text/plain', 'web_page'],
    ['a page that mentions a calendar', `<html>BEGIN:VCALENDAR`, 'text/html', 'web_page'],
    ['a page of XHTML', '<?xml version="1.0"?>\n<!DOCTYPE html>', null, 'web_page'],
    ['JSON', '{"error":"BEGIN:VCALENDAR"}', 'application/json', 'other'],
    ['nothing', '', null, 'other'],
  ] as const)('recognizes %s', (_what, text, contentType, kind) => {
    expect(kindOfFeed(text, contentType)).toBe(kind);
  });
});
