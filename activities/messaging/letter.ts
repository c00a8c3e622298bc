/** A notice as a person reads it: subject, text and HTML of an email, or the body of a text message. */
import { join } from 'node:path';
import { Eta } from 'eta';
import type { NoticeKind } from '../../domain/audition/events.ts';
import type { Participant } from '../../domain/audition/request.ts';
import type { NoticeFacts } from '../contract.ts';
import { endInWords, startInShort, startInWords } from './when.ts';
import { wordsFor } from './words/languages.ts';

/** Beside this file, in the sources and wherever they are copied together. */
const views = join(import.meta.dirname, 'templates');
const html = new Eta({ views, cache: true, autoEscape: true });
const plain = new Eta({ views, cache: true, autoEscape: false });

export interface Notice {
  readonly kind: NoticeKind;
  readonly recipient: Participant;
  readonly audition: NoticeFacts;
  /** Where the invitation is answered. */
  readonly link: string;
}

interface Letter {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Times by the recipient's clock and in their language; what people wrote is escaped in HTML. */
export const writeLetter = (notice: Notice): Letter => {
  const page = pageOf(notice);
  return {
    subject: page.subject,
    text: plain.render(`email/${notice.kind}.text.eta`, page),
    html: html.render(`email/${notice.kind}.html.eta`, page),
  };
};

/** One line. `reference` makes it unlike any other message to this number. */
export const writeTextMessage = (notice: Notice, reference: string): string =>
  oneLine(plain.render(`sms/${notice.kind}.eta`, { ...pageOf(notice), reference }));

const pageOf = ({ kind, recipient, audition, link }: Notice) => {
  const words = wordsFor(recipient.locale);
  const titles = { project: audition.project.title, role: audition.role.name };
  const lead = recipient.kind === 'performer' ? words.toPerformer[kind] : words.toOthers[kind];
  return {
    words,
    ...titles,
    subject: oneLine(words.subject[kind](titles)),
    name: recipient.name,
    lead: lead(titles),
    round: words.rounds[audition.round],
    start: startInWords(audition.slot, recipient),
    shortStart: startInShort(audition.slot, recipient),
    end: endInWords(audition.slot, recipient),
    zone: recipient.zone,
    room: audition.slot.room,
    joinUrl: audition.joinUrl,
    notes: audition.notes,
    reason: audition.reason,
    link,
  };
};

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
