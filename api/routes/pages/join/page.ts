/** Renders the page of a join link: one button, no scripts, readable on any phone. It never contains the meeting's address. */
import type { LinkTitles } from '../../../../db/auditions/link-titles.ts';
import type { JoinFacts } from '../../../../domain/audition/join-state.ts';
import type { MeetingBackup } from '../../../../domain/audition/meeting-backup.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import { compilePage } from '../document.ts';
import type { Language } from '../language.ts';
import { formatInstant, formatSlot } from '../local-time.ts';
import { consentBlockOf, consentBlockTemplate } from '../recording-consent/block.ts';
import type { ConsentQuestion } from '../recording-consent/question.ts';
import { joinTranslationsFor } from './translations.ts';

const renderPage = compilePage({
  head: '<% if (it.reloads) { %><meta http-equiv="refresh" content="5"><% } %>',
  styles: `h1 { font-size: 1.5rem; }
dl { margin: 1.5rem 0; } dt { opacity: .7; font-size: .95rem; } dd { margin: 0 0 .75rem; font-weight: 600; overflow-wrap: anywhere; }
button { font: inherit; min-height: 2.75rem; padding: .7rem 1.2rem; margin: 0 .6rem .6rem 0; border-radius: .5rem; border: 1px solid #14532d; background: #14532d; color: #fff; cursor: pointer; }
h2 { font-size: 1.2rem; margin-top: 2rem; } button.no { background: #fff; color: #111; border-color: #555; }
.answer { padding: .8rem 1rem; border-left: .3rem solid #14532d; }`,
  body: `<p><%= it.text %></p>
<% if (it.note) { %><p><%= it.note %></p><% } %>
<% if (it.facts.length > 0) { %><dl><% for (const fact of it.facts) { %><dt><%= fact.label %></dt><dd><%= fact.value %></dd><% } %></dl><% } %>
<% if (it.button) { %><form method="post"><button><%= it.button %></button></form><% } %>
${consentBlockTemplate}`,
});

interface Fact {
  readonly label: string;
  /** Undefined: it is not known, and not shown. */
  readonly value: string | undefined;
}

/** What every page of a valid link states about the audition. */
export interface JoinDetails {
  readonly titles: LinkTitles | undefined;
  readonly office: string | undefined;
  /** The locale of the dates. */
  readonly locale: string;
  readonly time: JoinFacts;
  /** Undefined: the person is not asked for a consent to the recording. */
  readonly consent?: ConsentQuestion | undefined;
}

interface Page {
  readonly title: string;
  readonly text: string;
  /** A second paragraph. */
  readonly note?: string | undefined;
  readonly facts?: readonly Fact[];
  readonly button?: string;
  readonly reloads?: boolean;
  readonly consent?: ConsentQuestion | undefined;
}

const render = (language: Language, { facts = [], consent, ...page }: Page): string =>
  renderPage({
    language,
    facts: facts.filter(({ value }) => value !== undefined),
    ...page,
    consent: consentBlockOf(consent, language),
  });

const factsOf = (language: Language, { titles, office, time, locale }: JoinDetails): readonly Fact[] => {
  const words = joinTranslationsFor(language);
  return [
    { label: words.role, value: titles?.role },
    { label: words.project, value: titles?.project },
    { label: words.time, value: formatSlot(time.slot, time.zone, locale) },
    { label: words.phone, value: time.dialIn },
    { label: words.office, value: office },
  ];
};

/** The page on which a performer who is admitted in turn checks in. */
export const checkInPage = (language: Language, details: JoinDetails): string => {
  const words = joinTranslationsFor(language);
  const facts = factsOf(language, details);
  return render(language, {
    title: words.checkInTitle,
    text: words.checkIn,
    facts,
    button: words.checkInButton,
  });
};

/** The page of a performer on the waiting list. It loads again by itself. */
export const waitingPage = (language: Language, details: JoinDetails, place: number): string => {
  const words = joinTranslationsFor(language);
  const facts = factsOf(language, details);
  return render(language, { title: words.waitingTitle, text: words.waiting(place), facts, reloads: true });
};

/** The page of a performer who was admitted. */
export const turnPage = (language: Language, details: JoinDetails): string => {
  const words = joinTranslationsFor(language);
  const facts = factsOf(language, details);
  return render(language, { title: words.turnTitle, text: words.turn, facts, button: words.join });
};

/** The page of an open meeting. The button leads to the meeting; a program that only reads the page does not join. */
export const openPage = (language: Language, details: JoinDetails): string => {
  const words = joinTranslationsFor(language);
  const facts = factsOf(language, details);
  const { consent } = details;
  return render(language, { title: words.openTitle, text: words.open, facts, button: words.join, consent });
};

/** The page before the link opens, with the times in the participant's zone. */
export const earlyPage = (language: Language, details: JoinDetails, opensAt: Instant): string => {
  const words = joinTranslationsFor(language);
  const { zone, isMoved } = details.time;
  return render(language, {
    title: words.earlyTitle,
    text: words.early(formatInstant(opensAt, zone, details.locale)),
    note: isMoved ? words.moved : undefined,
    facts: factsOf(language, details),
    consent: details.consent,
  });
};

/** The page while another meeting is being created. It loads again by itself. */
export const preparingPage = (language: Language, details: JoinDetails): string => {
  const words = joinTranslationsFor(language);
  const facts = factsOf(language, details);
  return render(language, { title: words.preparingTitle, text: words.preparing, facts, reloads: true });
};

/**
 * The page when no provider could make another meeting: how the audition takes place without one.
 *
 * `canJoin`: whether there is a meeting that may still work.
 */
export const backupPage = (
  language: Language,
  details: JoinDetails,
  { backup, canJoin }: { readonly backup: MeetingBackup; readonly canJoin: boolean },
): string => {
  const words = joinTranslationsFor(language);
  const facts = [
    { label: words.phone, value: backup.phone },
    { label: words.place, value: backup.place },
    { label: '', value: backup.text },
    // A second number, of the meeting that does not work, would contradict the plan.
    ...factsOf(language, { ...details, time: { ...details.time, dialIn: undefined } }),
  ];
  return render(language, {
    title: words.backupTitle,
    text: words.backup,
    facts,
    ...(canJoin ? { button: words.tryAnyway } : {}),
  });
};

/**
 * The pages that end here. They say what to do, and nothing about the audition. `invalid` does not say why: revoked, altered and
 * unknown links look the same.
 */
export const closingPage = (language: Language, kind: 'over' | 'invalid' | 'later' | 'personal'): string => {
  const words = joinTranslationsFor(language);
  return render(language, { title: words[`${kind}Title`], text: words[kind] });
};
