/** Writes the emails with which calendar programs answer invitations (RFC 6047). */

interface Reply {
  readonly uid: string;
  /** The organizer of the invitation: the reply address. */
  readonly organizer: string;
  readonly attendee: string;
  readonly partstat: string;
  readonly sequence?: number | undefined;
  /** `20261201T090000Z` */
  readonly stamp?: string;
  readonly method?: string | undefined;
  /** More lines of the event. */
  readonly lines?: readonly string[];
}

/** Returns a REPLY, or what else `method` says. */
export const replyCalendar = ({
  uid,
  organizer,
  attendee,
  partstat,
  sequence,
  stamp = '20261125T090000Z',
  method = 'REPLY',
  lines = ['DTSTART:20261201T090000Z', 'DTEND:20261201T093000Z'],
}: Reply): string =>
  [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Test//Calendar//EN',
    ...(method === '' ? [] : [`METHOD:${method}`]),
    'BEGIN:VEVENT',
    `UID:${uid}`,
    `DTSTAMP:${stamp}`,
    `ORGANIZER;CN=CastMatch:mailto:${organizer}`,
    `ATTENDEE;PARTSTAT=${partstat};CN="Ada; Example":mailto:${attendee}`,
    ...(sequence === undefined ? [] : [`SEQUENCE:${sequence}`]),
    ...lines,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');

interface Mail {
  readonly from: string;
  readonly to: string;
  readonly text?: string;
  readonly calendar?: string | undefined;
  readonly method?: string;
  readonly charset?: string;
  readonly headers?: readonly string[];
}

/** Returns the email as a mail server forwards it. The calendar is there twice, as many programs send it. */
export const replyMail = ({
  from,
  to,
  text = 'Ada Example has accepted.',
  calendar,
  method = 'REPLY',
  charset = 'utf-8',
  headers = [],
}: Mail): Buffer => {
  const encoded = Buffer.from(calendar ?? '', charset === 'iso-8859-1' ? 'latin1' : 'utf8').toString(
    'base64',
  );
  const folded = encoded.replaceAll(/.{76}/g, '$&\r\n');
  const parts = [
    `Content-Type: text/plain; charset=utf-8\r\n\r\n${text}`,
    ...(calendar === undefined
      ? []
      : [
          `Content-Type: text/calendar; charset=${charset}; method=${method}\r\nContent-Transfer-Encoding: base64\r\n\r\n${folded}`,
          `Content-Type: application/ics; name=invite.ics; charset=${charset}\r\nContent-Disposition: attachment; filename=invite.ics\r\nContent-Transfer-Encoding: base64\r\n\r\n${folded}`,
        ]),
  ];
  const lines = [
    `From: Ada Example <${from}>`,
    `To: CastMatch <${to}>`,
    'Subject: Accepted: Miranda, The Tempest',
    `Message-ID: <${crypto.randomUUID()}@example.com>`,
    'Date: Wed, 25 Nov 2026 09:00:00 +0000',
    'MIME-Version: 1.0',
    ...headers,
    ...(headers.some((header) => /^content-type:/i.test(header))
      ? []
      : ['Content-Type: multipart/mixed; boundary=part']),
    '',
    ...parts.map((part) => `--part\r\n${part}`),
    '--part--',
    '',
  ];
  return Buffer.from(lines.join('\r\n'), 'utf8');
};
