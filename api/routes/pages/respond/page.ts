/** Renders the page that an invitation links to: one form, no scripts, readable on any phone. */
import type { Answer } from '../../../../domain/audition/events.ts';
import type { Slot } from '../../../../domain/audition/slot.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import { compilePage } from '../document.ts';
import { languageOf } from '../language.ts';
import { formatInstant, formatSlot } from '../local-time.ts';
import { consentBlockOf, consentBlockTemplate } from '../recording-consent/block.ts';
import type { ConsentQuestion } from '../recording-consent/question.ts';
import { respondTranslationsFor } from './translations.ts';

const render = compilePage({
  styles: `h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
dl { margin: 1.5rem 0; } dt { opacity: .7; } dd { margin: 0; font-weight: 600; }
button { font: inherit; padding: .7rem 1.2rem; margin: 0 .6rem .6rem 0; border-radius: .5rem; border: 1px solid #555; cursor: pointer; }
button.yes { background: #14532d; color: #fff; border-color: #14532d; }
.answer { padding: .8rem 1rem; border-left: .3rem solid #14532d; }`,
  body: `<% if (it.text) { %><p><%= it.text %></p><% } %>
<% if (it.when) { %><dl><dt><%= it.words.when %></dt><dd><%= it.when %></dd></dl><% } %>
<% if (it.answered) { %><p class="answer"><%= it.answered %></p><p><%= it.change %></p><% } %>
<% if (it.asks) { %>
<% if (!it.answered) { %><p><%= it.words.question %></p><% } %>
<form method="post">
<button class="yes" name="answer" value="accepted"><%= it.words.accept %></button>
<button name="answer" value="declined"><%= it.words.decline %></button>
</form>
<% } %>
${consentBlockTemplate}`,
});

export interface InvitationDetails {
  readonly slot: Slot;
  readonly zone: string;
  readonly answer: Answer | 'none';
  /** When a decline becomes final. */
  readonly finalAt?: Instant | undefined;
  /** Undefined: the participant is not asked for a consent. */
  readonly consent?: ConsentQuestion | undefined;
}

/**
 * Renders the invitation with the participant's current answer, and the form unless the answer is final.
 */
export const invitationPage = (
  { slot, zone, answer, finalAt, consent }: InvitationDetails,
  { isFinal, acceptLanguage }: { readonly isFinal: boolean; readonly acceptLanguage: string | undefined },
): string => {
  const language = languageOf(acceptLanguage);
  const words = respondTranslationsFor(language);
  const answers: Partial<Record<Answer | 'none', string>> = {
    accepted: words.accepted,
    declined: words.declined,
  };
  const change = finalAt ? words.changeUntil(formatInstant(finalAt, zone, language)) : words.changeMind;
  return render({
    language,
    words,
    title: words.title,
    when: formatSlot(slot, zone, language),
    answered: answers[answer],
    change: isFinal ? words.final : change,
    asks: !isFinal,
    consent: isFinal ? undefined : consentBlockOf(consent, language),
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
    when: present && formatSlot(present.slot, present.zone, language),
  });
};

/** Renders the page of a link to a person who does not take part any more. */
export const formerPage = (acceptLanguage: string | undefined): string => {
  const language = languageOf(acceptLanguage);
  const words = respondTranslationsFor(language);
  return render({ language, words, title: words.formerTitle, text: words.former });
};

export type RespondPageError = 'invalid' | 'closed' | 'taken' | 'unreadable' | 'later';

/** Renders a page that explains why the invitation cannot be answered. */
export const respondErrorPage = (obstacle: RespondPageError, acceptLanguage: string | undefined): string => {
  const language = languageOf(acceptLanguage);
  const words = respondTranslationsFor(language);
  return render({ language, words, title: words[`${obstacle}Title`], text: words[obstacle] });
};
