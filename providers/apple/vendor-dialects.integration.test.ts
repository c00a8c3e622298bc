/** Tests that a calendar is read and written at servers that write the same answers in different ways. */
import { describe, expect, it } from 'vitest';
import { caldavUser } from '../../tests/harness/caldav-user.ts';
import { calendar as calendarText, event } from '../../tests/harness/calendar-text.ts';
import type { VendorWays } from '../../tests/harness/vendor-caldav.ts';
import { setUpVendorCaldav as setup } from '../../tests/harness/vendor-caldav-bench.ts';

const single = (uid: string, start: string) =>
  calendarText(...event(`UID:${uid}`, `DTSTART:${start}`, 'DURATION:PT1H', 'SUMMARY:Thé & gâteau <1>'));

const lowerHex = (text: string) =>
  encodeURIComponent(text).replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
const everyByte = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

const dialects: readonly (readonly [string, Partial<VendorWays>])[] = [
  ['with a prefix', {}],
  ['with another prefix', { prefix: 'ns0' }],
  ['with a default namespace', { prefix: '' }],
  ['with URLs as hrefs', { originOf: (port) => `http://127.0.0.1:${port}` }],
  ['with hrefs at another host', { originOf: () => 'http://dav.internal:8008' }],
  ['with hrefs at https', { originOf: (port) => `https://127.0.0.1:${port}` }],
  ['with hrefs that escape little', { segment: (text) => encodeURI(text) }],
  ['with hrefs in lower-case hexadecimal digits', { segment: lowerHex }],
  ['with hrefs that escape each byte', { segment: everyByte }],
  ['with hrefs in CDATA', { hrefs: 'cdata' }],
  ['with indented hrefs', { hrefs: 'indented' }],
  ['with hrefs that begin with two slashes', { originOf: () => '/' }],
  ['with relative hrefs, one with a colon', { hrefs: 'relative', segment: (text) => encodeURI(text) }],
  ['with collections without a slash', { slashes: false }],
  ['with texts in CDATA', { texts: 'cdata' }],
  ['with texts in several sections of CDATA', { texts: 'split_cdata' }],
  ['with attributes of texts', { texts: 'attributes' }],
  ['with line feeds', { lineEnd: '\n' }],
  ['with a propstat for each property', { propstats: 'split' }],
  ['with missing properties', { propstats: 'missing_too' }],
  ['with etags of digits', { etagOf: (version) => `"${version}"` }],
  ['with unquoted etags', { etagOf: (version) => `${version}.0` }],
  ['with weak etags', { etagOf: (version) => `W/"${version}"` }],
  ['with tokens of digits', { tokenOf: (version) => `${version}000` }],
  ['with tokens that look like other numbers', { tokenOf: (version) => `${version}.50` }],
  ['with tokens with an exponent', { tokenOf: (version) => `${version}e5` }],
  ['with data URLs as tokens', { tokenOf: (version) => `data:,${version}-7` }],
  ['with tokens with an ampersand', { tokenOf: (version) => `https://example.com/?a=1&b=${version}` }],
  ['with one response for all missing resources', { missing: 'together' }],
  ['with the media type text/xml', { contentType: 'text/xml' }],
  ['with a byte order mark', { preamble: '\u{FEFF}<?xml version="1.0" encoding="utf-8"?>' }],
  ['with an empty line before the XML', { preamble: '\n<?xml version="1.0" encoding="utf-8"?>' }],
  [
    'with XML in Latin-1',
    { preamble: '<?xml version="1.0" encoding="ISO-8859-1"?>', contentType: 'text/xml', encoding: 'latin1' },
  ],
  [
    'with XML in UTF-16',
    { preamble: '\u{FEFF}<?xml version="1.0"?>', contentType: 'application/xml', encoding: 'utf16le' },
  ],
  ['without an XML declaration', { preamble: '' }],
  ['with compression', { isCompressed: true }],
  ['with the calendar in the list of its changes', { listsItself: true }],
  ['with 410 for deleted events', { deleted: 410 }],
];

describe('a CalDAV server', () => {
  it.each(dialects)('%s is read and written', async (_what, ways) => {
    const { server, connect, calendars, write, remove, busy, list } = await setup(ways);
    expect((await connect()).account.name).toBe(caldavUser.username);
    const listed = await calendars();
    expect(
      listed.map(({ calendarId, ...rest }) => ({
        ...rest,
        path: decodeURIComponent(new URL(calendarId).pathname).replace(/\/$/, ''),
      })),
    ).toEqual([
      { path: '/calendars/ann@example.com/work', name: 'Work', isMain: false, isWritable: true },
      { path: '/calendars/ann@example.com/shared', name: 'Shared', isMain: false, isWritable: false },
    ]);
    expect(listed.every(({ calendarId }) => calendarId.startsWith(server.url))).toBe(true);

    await write(1);
    await write(1);
    await write(2, '2026-12-10T11:00:00.000Z');
    server.store('tea ann@home.ics', single('tea', '20261211T090000Z'));
    server.store('other:1.ics', single('other', '20261211T110000Z'));
    server.store('todo.ics', 'BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:todo\r\nEND:VTODO\r\nEND:VCALENDAR\r\n');
    expect(await busy()).toEqual([
      '2026-12-10T11:00:00.000Z',
      '2026-12-11T09:00:00.000Z',
      '2026-12-11T11:00:00.000Z',
    ]);
    expect(server.texts().filter((text) => text.includes('UID:a1b2c3d4@castmatch'))).toHaveLength(1);

    const all = await list({ kind: 'all', since: '2026-11-30T00:00:00.000Z' });
    expect(all.ids).toEqual(['a1b2c3d4@castmatch', 'other', 'tea']);
    server.store('lunch.ics', single('lunch', '20261212T090000Z'));
    server.store('tea ann@home.ics', undefined);
    server.store('other:1.ics', undefined);
    const changed = await list({ kind: 'changes', cursor: all.cursor });
    expect(changed.ids).toEqual(['/other:1.ics', '/tea ann@home.ics', 'lunch', 'other:1', 'tea ann@home']);
    expect((await list({ kind: 'changes', cursor: changed.cursor })).ids).toEqual([]);

    server.store(
      'a1b2c3d4@castmatch.ics',
      server
        .texts()
        .find((text) => text.includes('CASTMATCH'))
        ?.replace('END:VEVENT', 'COMMENT:Café & <tea>\r\nEND:VEVENT'),
    );
    await write(3, '2026-12-10T12:00:00.000Z');
    expect(server.texts().join('')).toContain('COMMENT:Café & <tea>');
    expect(await remove(3)).toBe('deleted');
    expect(await remove(3)).toBe('absent');
    expect(server.complaints).toEqual([]);
  });
});
