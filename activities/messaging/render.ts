/** Renders a notice: subject, text and HTML of an email, or the body of a text message. */
import { join } from 'node:path';
import { Eta } from 'eta';
import type { NoticeKind } from '../../domain/audition/events.ts';
import type { Participant } from '../../domain/audition/request.ts';
import type { NoticeFacts } from '../contract.ts';
import { formatEnd, formatShortStart, formatStart, isOtherTimeAtPlace } from './slot-format.ts';
import { translationFor } from './words/languages.ts';

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

/**
 * Returns the body of the text message, as one line.
 * @param reference makes the body unique among the messages to this number.
 */
export const renderTextMessage = (notice: Notice, reference: string): string =>
  oneLine(plain.render(`sms/${notice.kind}.eta`, { ...templateDataOf(notice), reference }));

const templateDataOf = ({ kind, recipient, audition, link }: Notice) => {
  const words = translationFor(recipient.locale);
  const titles = { project: audition.project.title, role: audition.role.name };
  const { changed } = audition;
  const opening = kind === 'update' && changed ? words.sameTime[changed] : words.openings[kind];
  const lead = recipient.kind === 'performer' ? opening.toPerformer : opening.toOthers;
  return {
    words,
    ...titles,
    subject: oneLine(opening.subject(titles)),
    short: opening.short,
    name: recipient.name,
    lead: lead(titles),
    round: words.rounds[audition.round],
    start: formatStart(audition.slot, recipient),
    shortStart: formatShortStart(audition.slot, recipient),
    end: formatEnd(audition.slot, recipient),
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

/**
 * Returns the times on the clock of the place, for a recipient whose own clock differs. Undefined for a meeting by
 * video without a room, which has no place.
 */
const timesAtPlace = ({ slot, joinUrl }: NoticeFacts, recipient: Participant) => {
  const isPlaceless = slot.room === undefined && joinUrl !== undefined;
  if (isPlaceless || !isOtherTimeAtPlace(slot, recipient)) return undefined;
  const { zone } = slot;
  const reader = { zone, locale: recipient.locale };
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
      return joinUrl;
    case 'backup':
      return [backup?.phone, backup?.place, backup?.text].filter(Boolean).join(', ');
    case 'no_link':
    case undefined:
      return undefined;
  }
};

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
