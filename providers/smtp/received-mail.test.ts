import { describe, expect, it } from 'vitest';
import { replyCalendar, replyMail } from '../../tests/harness/reply-mail.ts';
import { readSchedulingMessage } from '../icalendar/scheduling-message.ts';
import { readReceivedMail } from './received-mail.ts';

const calendar = replyCalendar({
  uid: 'aud_1@castmatch',
  organizer: 'replies+tag@in.example.com',
  attendee: 'ada@example.com',
  partstat: 'ACCEPTED',
  lines: ['COMMENT:Très volontiers'],
});
const mail = { from: 'ada@example.com', to: 'replies+tag@in.example.com' } as const;

const quoted = (bytes: Buffer) =>
  [...bytes]
    .map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('')
    .replaceAll(/.{72}/g, '$&=\r\n');

describe('a received email', () => {
  it.each(['utf-8', 'iso-8859-1'])('is read with its calendar parts in %s', async (charset) => {
    const read = await readReceivedMail(replyMail({ ...mail, calendar, charset }));
    expect(read).toMatchObject({ recipients: [mail.to], nature: 'written' });
    expect(read?.calendars.map(({ method }) => method)).toEqual(['REPLY', undefined]);
    for (const { text } of read?.calendars ?? []) expect(text).toContain('COMMENT:Très volontiers');
  });

  it.each([
    ['utf-16', 'little', true],
    ['utf-16le', 'little', false],
    ['utf-16', 'big', true],
    ['utf-16', 'big', false],
    ['utf-16be', 'big', true],
  ] as const)(
    'is read in %s, with its bytes in %s-endian order, and a byte order mark: %s',
    async (charset, order, isMarked) => {
      const bytes = Buffer.from(isMarked ? `\u{FEFF}${calendar}` : calendar, 'utf16le');
      const encoded = (order === 'big' ? bytes.swap16() : bytes)
        .toString('base64')
        .replaceAll(/.{76}/g, '$&\r\n');
      const lines = [
        `To: ${mail.to}`,
        'MIME-Version: 1.0',
        `Content-Type: TEXT/CALENDAR; METHOD=reply; charset="${charset}"`,
        'Content-Transfer-Encoding: base64',
        '',
        encoded,
      ];
      const read = await readReceivedMail(Buffer.from(lines.join('\r\n')));
      expect(read?.calendars).toMatchObject([
        { method: 'REPLY', text: expect.stringMatching(/^BEGIN:VCALENDAR/) },
      ]);
      expect(read?.calendars[0]?.text).toContain('COMMENT:Très volontiers');
    },
  );

  const folded = Buffer.concat(
    ['ATTENDEE;PARTSTAT=ACCEPTED:mailto:jos\u00c3', '\r\n \u00a9@example.com'].map((part) =>
      Buffer.from(part, 'latin1'),
    ),
  );
  const western = Buffer.from('ATTENDEE;PARTSTAT=ACCEPTED:mailto:jos\u00e9@example.com', 'latin1');
  it.each([
    ['folded inside a character, as base64', 'text/calendar; method=REPLY; charset=UTF-8', 'base64', folded],
    ['folded inside a character, as quoted-printable', 'application/ics', 'quoted-printable', folded],
    [
      'folded inside a character, as it is',
      'Text/Calendar;\r\n\tcharset="utf-8";\r\n method=REPLY',
      '8bit',
      folded,
    ],
    ['folded inside a character, as a file', 'application/octet-stream; name=reply.ics', 'base64', folded],
    ['of an old program that names no charset', 'text/calendar; method=REPLY', '8bit', western],
    ['of an old program that names another charset', 'text/calendar; charset=utf-8', 'base64', western],
  ])('is read with a calendar part %s', async (_what, type, encoding, line) => {
    const [before = '', after = ''] = calendar.split('COMMENT:Très volontiers');
    const bytes = Buffer.concat([Buffer.from(before), line, Buffer.from(after)]);
    const encoded =
      encoding === 'base64'
        ? Buffer.from(bytes.toString('base64').replaceAll(/.{76}/g, '$&\r\n'))
        : encoding === '8bit'
          ? bytes
          : Buffer.from(quoted(bytes));
    const header = `Content-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`;
    const raw = Buffer.concat([
      Buffer.from(
        `To: ${mail.to}\r\nContent-Type: multipart/mixed; boundary=part\r\n\r\n--part\r\n${header}`,
      ),
      encoded,
      Buffer.from('\r\n--part--\r\n'),
    ]);
    const read = await readReceivedMail(raw);
    expect(read?.calendars).toHaveLength(1);
    expect(read?.calendars[0]?.method).toBe(type.includes('method') ? 'REPLY' : undefined);
    expect(readSchedulingMessage(read?.calendars[0]?.text ?? '')).toMatchObject({
      answers: [
        {
          attendees: [
            { address: 'ada@example.com' },
            { address: 'jos\u00e9@example.com', answer: 'accepted' },
          ],
        },
      ],
    });
  });

  it('with a charset that is wrong or unknown still has its calendar', async () => {
    const wrong = replyMail({ ...mail, calendar })
      .toString()
      .replaceAll('charset=utf-8', 'charset=x-unknown');
    const read = await readReceivedMail(Buffer.from(wrong));
    expect(read?.calendars[0]?.text).toContain('PARTSTAT=ACCEPTED');
  });

  it('names all recipients, those of the envelope included', async () => {
    const headers = [
      'Cc: Team: bea@example.com, "Carl, D." <carl@example.com>;',
      'Delivered-To: replies+other@in.example.com',
      'X-Original-To: <replies+third@in.example.com>',
    ];
    const read = await readReceivedMail(replyMail({ ...mail, headers }));
    expect(read?.recipients).toEqual([
      mail.to,
      'bea@example.com',
      'carl@example.com',
      'replies+other@in.example.com',
      'replies+third@in.example.com',
    ]);
  });

  it.each([
    ['Auto-Submitted: auto-replied', 'automatic_reply'],
    ['Auto-Submitted: No', 'written'],
    ['X-Autoreply: yes', 'automatic_reply'],
    ['Precedence: bulk', 'automatic_reply'],
    ['Content-Type: multipart/report; report-type=delivery-status; boundary=part', 'delivery_notification'],
    [
      'Content-Type: multipart/report; boundary=part; report-type="disposition-notification"',
      'delivery_notification',
    ],
  ])('with %s is a mail of the nature %s', async (header, nature) => {
    expect((await readReceivedMail(replyMail({ ...mail, headers: [header] })))?.nature).toBe(nature);
  });

  it('does not take the calendar of a message inside it for its own', async () => {
    const inner = replyMail({ ...mail, calendar })
      .toString()
      .replaceAll('part', 'inner');
    const outer = [
      'From: mailer-daemon@example.com',
      'To: replies+tag@in.example.com',
      'Content-Type: multipart/mixed; boundary=outer',
      '',
      '--outer',
      'Content-Type: message/rfc822',
      '',
      inner,
      '--outer--',
    ].join('\r\n');
    expect((await readReceivedMail(Buffer.from(outer)))?.calendars).toEqual([]);
  });

  it('is no email when it has no header, too many headers or too many levels', async () => {
    const deep = Array.from({ length: 80 }, (_, at) => [
      `Content-Type: multipart/mixed; boundary=b${at}`,
      '',
      `--b${at}`,
    ]).flat();
    const bodies = ['', '\r\nYes', `${'X-Long: value\r\n'.repeat(30_000)}\r\n`, deep.join('\r\n')];
    for (const body of bodies) expect(await readReceivedMail(Buffer.from(body))).toBeUndefined();
  });

  it('of 4 MB and of random bytes is read in bounded time', async () => {
    const started = performance.now();
    const large = replyMail({ ...mail, calendar, text: `${'x'.repeat(76)}\r\n`.repeat(50_000) });
    expect((await readReceivedMail(large))?.calendars).toHaveLength(2);
    const lines = replyMail({ ...mail, calendar, text: 'x\n'.repeat(2_000_000) });
    expect(await readReceivedMail(lines)).toBeUndefined();
    await readReceivedMail(crypto.getRandomValues(new Uint8Array(60_000)));
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
