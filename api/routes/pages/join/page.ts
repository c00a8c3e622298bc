/** Renders the page of a join link: one button, no scripts, readable on any phone. It never contains the meeting's address. */
import { Eta } from 'eta';
import { DateTime } from 'luxon';
import type { MeetingBackup } from '../../../../domain/audition/meeting-backup.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import type { Language } from '../language.ts';
import { joinTranslationsFor } from './translations.ts';

const layout = `<!doctype html>
<html lang="<%= it.language %>">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<% if (it.reloads) { %><meta http-equiv="refresh" content="5"><% } %>
<title><%= it.title %></title>
<style>
:root { color-scheme: light dark; }
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 3rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.5rem; }
dl { margin: 1.5rem 0; } dt { opacity: .7; } dd { margin: 0; font-weight: 600; }
button { font: inherit; padding: .7rem 1.2rem; border-radius: .5rem; border: 1px solid #14532d; background: #14532d; color: #fff; cursor: pointer; }
</style>
</head>
<body>
<main>
<h1><%= it.title %></h1>
<p><%= it.text %></p>
<% if (it.facts.length > 0) { %><dl><% for (const fact of it.facts) { %><dt><%= fact.label %></dt><dd><%= fact.value %></dd><% } %></dl><% } %>
<% if (it.button) { %><form method="post"><button><%= it.button %></button></form><% } %>
</main>
</body>
</html>
`;

const eta = new Eta({ autoTrim: [false, 'nl'] });
const template = eta.compile(layout);

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
  eta.render(template, { language, facts, ...page });

/** The page of an open meeting. The button leads to the meeting; a program that only reads the page does not join. */
export const openPage = (language: Language): string => {
  const words = joinTranslationsFor(language);
  return render(language, { title: words.openTitle, text: words.open, button: words.join });
};

/** The page before the link opens, with the time in the participant's zone. */
export const earlyPage = (language: Language, opensAt: Instant, zone: string): string => {
  const words = joinTranslationsFor(language);
  const time = DateTime.fromISO(opensAt, { zone }).setLocale(language);
  const text = `${time.toLocaleString(DateTime.DATE_HUGE)}, ${time.toFormat('HH:mm')} (${zone})`;
  return render(language, { title: words.earlyTitle, text: words.early(text) });
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
export const closingPage = (language: Language, kind: 'over' | 'invalid' | 'later'): string => {
  const words = joinTranslationsFor(language);
  return render(language, { title: words[`${kind}Title`], text: words[kind] });
};
