import { describe, expect, it } from 'vitest';
import { kindOfFeed } from './feed-text.ts';

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
