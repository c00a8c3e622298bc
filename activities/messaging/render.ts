/** Renders a notice: subject, text and HTML of an email, or the body of a text message. */
import { join } from 'node:path';
import { Eta } from 'eta';
import { isOtherTimeAtPlace } from '../../domain/audition/clock-at-place.ts';
import type { NoticeKind } from '../../domain/audition/events.ts';
import type { Participant } from '../../domain/audition/request.ts';
import { hasWritableCalendar } from '../../domain/audition/writable-calendar.ts';
import { textSegments } from '../../domain/budgets/text-segments.ts';
import { meetingProviderName } from '../../domain/providers/meeting-provider-name.ts';
import { cutText } from '../../domain/text-length.ts';
import { writtenLocaleOf } from '../../domain/time/written-locale.ts';
import type { NoticeFacts } from '../contract.ts';
import { withGsmLetters } from './gsm-letters.ts';
import { formatEnd, formatShortStart, formatStart } from './slot-format.ts';
import { translationFor } from './words/languages.ts';
import type { Opening, Translation } from './words/translation.ts';

const views = join(import.meta.dirname, 'templates');
const html = new Eta({ views, cache: true, autoEscape: true });
const plain = new Eta({ views, cache: true, autoEscape: false });

export interface Notice {
  readonly kind: NoticeKind;
  readonly recipient: Participant;
  readonly audition: NoticeFacts;
  /** The URL of the page on which the invitation is answered. */
  readonly link: string;
}

interface RenderedEmail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Returns the email in the recipient's language and time zone. Texts entered by users are escaped in the HTML. */
export const renderEmail = (notice: Notice): RenderedEmail => {
  const page = templateDataOf(notice);
  return {
    subject: page.subject,
    text: plain.render(`email/${notice.kind}.text.eta`, page),
    html: html.render(`email/${notice.kind}.html.eta`, page),
  };
};

/** The recipient reads a longer message in parts, and the organization pays for each. */
const mostSegments = 2;
/** How far a title can be cut, from the longest on, in UTF-16 code units. Shorter, it would not be recognized. */
const titleLengths = [80, 60, 50, 40, 32, 24, 16] as const;

/**
 * Returns the body of the text message, as one line. Cuts titles when the message would be longer than two segments. The time,
 * the links and the reference are never cut.
 * @param reference makes the body unique among the messages to this number.
 */
export const renderTextMessage = (notice: Notice, reference: string): string => {
  const data = templateDataOf(notice);
  const body = (longest: number): string => {
    const titles = { role: shortened(data.role, longest), project: shortened(data.project, longest) };
    const text = plain.render(`sms/${notice.kind}.eta`, { ...data, ...titles, reference });
    return withGsmLetters(plainPunctuation(oneLine(text)));
  };
  const longest = [Number.POSITIVE_INFINITY, ...titleLengths].find(
    (length) => textSegments(body(length)) <= mostSegments,
  );
  return body(longest ?? Math.min(...titleLengths));
};

const shortened = (title: string, longest: number): string =>
  title.length <= longest ? title : `${cutText(title, longest - 3).trimEnd()}...`;

const templateDataOf = ({ kind, recipient, audition, link }: Notice) => {
  const words = translationFor(recipient.locale);
  const reader = { zone: recipient.zone, locale: writtenLocaleOf(recipient.locale, words.lang) };
  const { meetingProvider } = audition;
  const titles = {
    project: audition.project.title,
    role: audition.role.name,
    ...(meetingProvider && { provider: meetingProviderName(meetingProvider) }),
  };
  const opening = openingOf({ kind, recipient, audition }, words);
  const lead = recipient.kind === 'performer' ? opening.toPerformer : opening.toOthers;
  return {
    words,
    ...titles,
    subject: oneLine(opening.subject(titles)),
    short: opening.short,
    name: recipient.name,
    lead: lead(titles),
    round: words.rounds[audition.round],
    start: formatStart(audition.slot, reader),
    shortStart: formatShortStart(audition.slot, reader),
    end: formatEnd(audition.slot, reader),
    zone: recipient.zone,
    atPlace: timesAtPlace(audition, recipient),
    room: audition.slot.room,
    joinUrl: audition.joinUrl,
    notes: audition.notes,
    reason: audition.reason,
    changedTo: changedTo(audition),
    shortJoinUrl: audition.joinLink ? audition.joinUrl : undefined,
    backup: audition.changed === 'backup' ? audition.backup : undefined,
    link,
  };
};

const openingOf = (
  { kind, recipient, audition: { changed } }: Omit<Notice, 'link'>,
  words: Translation,
): Opening => {
  if (kind === 'cancellation' && changed === 'declined') return words.declined;
  if (kind !== 'update' || !changed || changed === 'declined') return words.openings[kind];
  if (changed !== 'calendar') return words.sameTime[changed];
  return hasWritableCalendar(recipient) ? words.otherCalendar.connected : words.otherCalendar.byEmail;
};

/**
 * Returns the times on the clock of the place, for a recipient whose own clock differs. Undefined for a meeting by
 * video without a room, which has no place.
 */
const timesAtPlace = ({ slot, joinUrl }: NoticeFacts, recipient: Participant) => {
  const isPlaceless = slot.room === undefined && joinUrl !== undefined;
  if (isPlaceless || !isOtherTimeAtPlace(slot, recipient.zone)) return undefined;
  const { zone } = slot;
  const reader = { zone, locale: writtenLocaleOf(recipient.locale, translationFor(recipient.locale).lang) };
  return {
    start: formatStart(slot, reader),
    shortStart: formatShortStart(slot, reader),
    end: formatEnd(slot, reader),
    zone,
  };
};

/** Returns the new place or link, which a text message contains only when it is the news. */
const changedTo = ({ changed, slot, joinUrl, backup }: NoticeFacts): string | undefined => {
  switch (changed) {
    case 'place':
      return slot.room;
    case 'link':
    case 'meeting':
      return joinUrl;
    case 'backup':
      return [backup?.phone, backup?.place, backup?.text].filter(Boolean).join(', ');
    case 'no_link':
    case 'calendar':
    case 'declined':
    case 'rejoined':
    case undefined:
      return undefined;
  }
};

/** Titles are typed with characters that GSM-7 lacks. One of them more than halves the length of a segment. */
const plainPunctuation = (text: string): string =>
  text
    .replaceAll(/[‘’‚′]/g, "'")
    .replaceAll(/[“”„«»″]/g, '"')
    .replaceAll(/[‐‑‒–—−]/g, '-')
    .replaceAll('…', '...')
    .replaceAll(/[\u00a0\u202f\u2009]/g, ' ');

/** Keeps no-break spaces, which French has before a colon. */
const oneLine = (text: string): string => text.replaceAll(/[^\S\u00a0]+/g, ' ').trim();
