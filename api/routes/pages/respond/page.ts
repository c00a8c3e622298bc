/** Renders the page that an invitation links to: one form, no scripts, readable on any phone. */
import { Eta } from 'eta';
import { DateTime } from 'luxon';
import type { Answer } from '../../../../domain/audition/events.ts';
import type { Slot } from '../../../../domain/audition/slot.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import { languageOf } from '../language.ts';
import { respondTranslationsFor } from './translations.ts';

const layout = `<!doctype html>
<html lang="<%= it.language %>">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title><%= it.title %></title>
<style>
:root { color-scheme: light dark; }
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 3rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.5rem; }
dl { margin: 1.5rem 0; } dt { opacity: .7; } dd { margin: 0; font-weight: 600; }
button { font: inherit; padding: .7rem 1.2rem; margin: 0 .6rem .6rem 0; border-radius: .5rem; border: 1px solid #555; cursor: pointer; }
button.yes { background: #14532d; color: #fff; border-color: #14532d; }
.answer { padding: .8rem 1rem; border-left: .3rem solid #14532d; }
</style>
</head>
<body>
<main>
<h1><%= it.title %></h1>
<% if (it.text) { %><p><%= it.text %></p><% } %>
<% if (it.when) { %><dl><dt><%= it.words.when %></dt><dd><%= it.when %></dd></dl><% } %>
<% if (it.answered) { %><p class="answer"><%= it.answered %></p><p><%= it.change %></p><% } %>
<% if (it.asks) { %>
<% if (!it.answered) { %><p><%= it.words.question %></p><% } %>
<form method="post">
<button class="yes" name="answer" value="accepted"><%= it.words.accept %></button>
<button name="answer" value="declined"><%= it.words.decline %></button>
</form>
<% } %>
</main>
</body>
</html>
`;

const eta = new Eta({ autoTrim: [false, 'nl'] });
const template = eta.compile(layout);
const render = (page: object): string => eta.render(template, page);

/** Formats the slot in the participant's time zone, with the name of the zone: the link can be opened anywhere. */
const whenOf = (slot: Slot, zone: string, language: string): string => {
  const [start, end] = [slot.start, slot.end].map((at) => localTime(at, zone, language));
  if (!start || !end) return '';
  return `${start.toLocaleString(DateTime.DATE_HUGE)}, ${start.toFormat('HH:mm')}–${end.toFormat('HH:mm')} (${zone})`;
};

const untilOf = (at: Instant, zone: string, language: string): string => {
  const time = localTime(at, zone, language);
  return `${time.toLocaleString(DateTime.DATE_HUGE)}, ${time.toFormat('HH:mm')} (${zone})`;
};

const localTime = (at: Instant, zone: string, language: string): DateTime =>
  DateTime.fromISO(at, { zone }).setLocale(language);

export interface InvitationDetails {
  readonly slot: Slot;
  readonly zone: string;
  readonly answer: Answer | 'none';
  /** When a decline becomes final. */
  readonly finalAt?: Instant | undefined;
}

/**
 * Renders the invitation with the participant's current answer, and the form unless the answer is final.
 */
export const invitationPage = (
  { slot, zone, answer, finalAt }: InvitationDetails,
  { isFinal, acceptLanguage }: { readonly isFinal: boolean; readonly acceptLanguage: string | undefined },
): string => {
  const language = languageOf(acceptLanguage);
  const words = respondTranslationsFor(language);
  const answers: Partial<Record<Answer | 'none', string>> = {
    accepted: words.accepted,
    declined: words.declined,
  };
  const change = finalAt ? words.changeUntil(untilOf(finalAt, zone, language)) : words.changeMind;
  return render({
    language,
    words,
    title: words.title,
    when: whenOf(slot, zone, language),
    answered: answers[answer],
    change: isFinal ? words.final : change,
    asks: !isFinal,
  });
};

/** Renders the page of a link to an earlier slot, with the present slot if it is known. */
export const movedPage = (
  present: Pick<InvitationDetails, 'slot' | 'zone'> | undefined,
  acceptLanguage: string | undefined,
): string => {
  const language = languageOf(acceptLanguage);
  const words = respondTranslationsFor(language);
  return render({
    language,
    words,
    title: words.movedTitle,
    text: words.moved,
    when: present && whenOf(present.slot, present.zone, language),
  });
};

export type RespondPageError = 'invalid' | 'closed' | 'taken' | 'unreadable' | 'later';

/** Renders a page that explains why the invitation cannot be answered. */
export const respondErrorPage = (obstacle: RespondPageError, acceptLanguage: string | undefined): string => {
  const language = languageOf(acceptLanguage);
  const words = respondTranslationsFor(language);
  return render({ language, words, title: words[`${obstacle}Title`], text: words[obstacle] });
};
