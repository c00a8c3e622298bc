/**
 * Reads a received email (RFC 5322, MIME): its recipients and its calendar parts (iMIP, RFC 6047). Messages inside the
 * message are not read: a returned or a forwarded message is not an answer.
 */
import PostalMime, { type Email } from 'postal-mime';
import { decodeCalendar } from '../icalendar/calendar-bytes.ts';
import { bytesOf, withByteCharset } from './undecoded-calendars.ts';

export interface ReceivedMail {
  /** The addresses in the headers that name recipients. A sender can forge them. */
  readonly recipients: readonly string[];
  readonly calendars: readonly ReceivedCalendar[];
  readonly nature: MailNature;
}

interface ReceivedCalendar {
  readonly text: string;
  /** The parameter `method` of the content type, in upper case. */
  readonly method: string | undefined;
}

/** What kind of mail it is, apart from its calendar parts. */
type MailNature = 'delivery_notification' | 'automatic_reply' | 'written';

/** A multipart message with some attachments and signatures has less than ten levels. */
const deepestPart = 50;
const largestHeaders = 256 * 1024;
/** The library needs ten microseconds a line. A message of 5 MB in base64 has 70,000. */
const mostLines = 100_000;
const lineFeed = 10;

const calendarTypes: ReadonlySet<string> = new Set(['text/calendar', 'application/ics']);

/** Some mail servers add the recipient of the envelope under one of these names. */
const recipientHeaders: ReadonlySet<string> = new Set([
  'delivered-to',
  'x-original-to',
  'x-forwarded-to',
  'envelope-to',
  'x-envelope-to',
  'resent-to',
]);

/** Returns the email; undefined when it is none, or when its structure exceeds the limits. */
export const readReceivedMail = async (raw: Uint8Array): Promise<ReceivedMail | undefined> => {
  if (hasTooManyLines(raw)) return undefined;
  const email = await parse(raw);
  // A text without a header is no message (RFC 5322, section 3.6).
  if (!email || email.headers.length === 0) return undefined;
  return {
    recipients: recipientsOf(email),
    calendars: await calendarsIn(raw, email),
    nature: natureOf(email),
  };
};

const hasTooManyLines = (raw: Uint8Array): boolean => {
  let lines = 0;
  for (let at = raw.indexOf(lineFeed); at >= 0; at = raw.indexOf(lineFeed, at + 1)) {
    lines += 1;
    if (lines > mostLines) return true;
  }
  return false;
};

const parse = async (raw: Uint8Array): Promise<Email | undefined> => {
  try {
    return await PostalMime.parse(raw, {
      maxNestingDepth: deepestPart,
      maxHeadersSize: largestHeaders,
      maxRfc822NestingDepth: 0,
    });
  } catch {
    return undefined;
  }
};

const recipientsOf = ({ to = [], cc = [], bcc = [], headers }: Email): readonly string[] => [
  ...[...to, ...cc, ...bcc].flatMap(({ address, group = [] }) => [
    ...(address === undefined ? [] : [address]),
    ...group.map((member) => member.address),
  ]),
  ...headers
    .filter(({ key }) => recipientHeaders.has(key))
    .map(({ value }) => value.replaceAll(/^.*<|>.*$/g, '').trim()),
];

/** What the library writes for bytes that are not in the charset. */
const replacement = '\u{FFFD}';

/** Calendars whose bytes the library could not decode are read again, as bytes. */
const calendarsIn = async (raw: Uint8Array, email: Email): Promise<readonly ReceivedCalendar[]> => {
  const calendars = calendarsOf(email);
  if (!calendars.some(({ text }) => text.includes(replacement))) return calendars;
  const undecoded = await parse(withByteCharset(raw));
  const parts = undecoded ? calendarsOf(undecoded) : [];
  if (parts.length !== calendars.length) return calendars;
  return calendars.map((calendar, at) => {
    const bytes = calendar.text.includes(replacement) ? bytesOf(parts[at]?.text ?? '') : undefined;
    return bytes ? { ...calendar, text: decodeCalendar(bytes, null) } : calendar;
  });
};

/** The library decodes the charset of calendar parts. Programs name the attachment by its file only. */
const calendarsOf = ({ attachments }: Email): readonly ReceivedCalendar[] =>
  attachments
    .filter(({ mimeType, filename }) => calendarTypes.has(mimeType) || /\.ics$/i.test(filename ?? ''))
    .map(({ content, mimeType, method }) => ({
      text: inReadOrder(textOf(content, calendarTypes.has(mimeType))),
      method,
    }));

const textOf = (content: Email['attachments'][number]['content'], isDecoded: boolean): string => {
  if (typeof content === 'string') return content;
  return isDecoded ? new TextDecoder().decode(content) : decodeCalendar(new Uint8Array(content), null);
};

/**
 * Returns the text with the bytes of each UTF-16 unit in order. `utf-16` is decoded as little-endian, and RFC 2781, section 4.3,
 * says big-endian unless a byte order mark says otherwise. Such a text begins with the mark, or with a B.
 */
const inReadOrder = (text: string): string =>
  /^[\u{FFFE}\u{4200}]/u.test(text)
    ? Buffer.from(text, 'utf16le')
        .swap16()
        .toString('utf16le')
        .replace(/^\u{FEFF}/u, '')
    : text;

/** RFC 3464 for delivery reports, RFC 3834 for automatic replies, and what programs wrote before it. */
const natureOf = ({ headers }: Email): MailNature => {
  const valueOf = (name: string) =>
    headers
      .find(({ key }) => key === name)
      ?.value.trim()
      .toLowerCase() ?? '';
  const type = valueOf('content-type');
  if (
    /^multipart\/report\b/.test(type) &&
    /report-type="?(delivery-status|disposition-notification)/.test(type)
  )
    return 'delivery_notification';
  const submitted = valueOf('auto-submitted');
  const isAutomatic =
    (submitted !== '' && !/^no\b/.test(submitted)) ||
    valueOf('x-autoreply') !== '' ||
    valueOf('x-autorespond') !== '' ||
    /^(auto_reply|bulk|junk)$/.test(valueOf('precedence'));
  return isAutomatic ? 'automatic_reply' : 'written';
};
