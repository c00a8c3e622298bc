/** Renders the page of a join link: one button, no scripts, readable on any phone. It never contains the meeting's address. */
import type { MeetingBackup } from '../../../../domain/audition/meeting-backup.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import { compilePage } from '../document.ts';
import type { Language } from '../language.ts';
import { formatInstant } from '../local-time.ts';
import { joinTranslationsFor } from './translations.ts';

const renderPage = compilePage({
  head: '<% if (it.reloads) { %><meta http-equiv="refresh" content="5"><% } %>',
  styles: `h1 { font-size: 1.5rem; }
dl { margin: 1.5rem 0; } dt { opacity: .7; } dd { margin: 0; font-weight: 600; }
button { font: inherit; padding: .7rem 1.2rem; border-radius: .5rem; border: 1px solid #14532d; background: #14532d; color: #fff; cursor: pointer; }`,
  body: `<p><%= it.text %></p>
<% if (it.facts.length > 0) { %><dl><% for (const fact of it.facts) { %><dt><%= fact.label %></dt><dd><%= fact.value %></dd><% } %></dl><% } %>
<% if (it.button) { %><form method="post"><button><%= it.button %></button></form><% } %>`,
});

interface Fact {
  readonly label: string;
  readonly value: string;
}

interface Page {
  readonly title: string;
  readonly text: string;
  readonly facts?: readonly Fact[];
  readonly button?: string;
  readonly reloads?: boolean;
}

const render = (language: Language, { facts = [], ...page }: Page): string =>
  renderPage({ language, facts, ...page });

/** The page of an open meeting. The button leads to the meeting; a program that only reads the page does not join. */
export const openPage = (language: Language): string => {
  const words = joinTranslationsFor(language);
  return render(language, { title: words.openTitle, text: words.open, button: words.join });
};

/** The page on which a performer who is admitted in turn checks in. */
export const checkInPage = (language: Language): string => {
  const words = joinTranslationsFor(language);
  return render(language, { title: words.checkInTitle, text: words.checkIn, button: words.checkInButton });
};

/** The page of a performer on the waiting list. It loads again by itself. */
export const waitingPage = (language: Language, place: number): string => {
  const words = joinTranslationsFor(language);
  return render(language, { title: words.waitingTitle, text: words.waiting(place), reloads: true });
};

/** The page of a performer who was admitted. */
export const turnPage = (language: Language): string => {
  const words = joinTranslationsFor(language);
  return render(language, { title: words.turnTitle, text: words.turn, button: words.join });
};

/** The page before the link opens, with the time in the participant's zone. */
export const earlyPage = (language: Language, opensAt: Instant, zone: string): string => {
  const words = joinTranslationsFor(language);
  const text = words.early(formatInstant(opensAt, zone, language));
  return render(language, { title: words.earlyTitle, text });
};

/** The page while another meeting is being created. It loads again by itself. */
export const preparingPage = (language: Language): string => {
  const words = joinTranslationsFor(language);
  return render(language, { title: words.preparingTitle, text: words.preparing, reloads: true });
};

/**
 * The page when no provider could make another meeting: how the audition takes place without one.
 * @param canJoin whether there is a meeting that may still work
 */
export const backupPage = (language: Language, backup: MeetingBackup, canJoin: boolean): string => {
  const words = joinTranslationsFor(language);
  const facts = [
    { label: words.phone, value: backup.phone },
    { label: words.place, value: backup.place },
    { label: '', value: backup.text },
  ].flatMap(({ label, value }) => (value === undefined ? [] : [{ label, value }]));
  return render(language, {
    title: words.backupTitle,
    text: words.backup,
    facts,
    ...(canJoin ? { button: words.tryAnyway } : {}),
  });
};

/** The pages that end here. `invalid` says nothing about why: revoked, altered and unknown links look the same. */
export const closingPage = (language: Language, kind: 'over' | 'invalid' | 'later' | 'personal'): string => {
  const words = joinTranslationsFor(language);
  return render(language, { title: words[`${kind}Title`], text: words[kind] });
};
