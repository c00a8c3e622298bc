/** Renders the page that an invitation links to: one form, no scripts, readable on any phone. */
import type { LinkTitles } from '../../../../db/auditions/link-titles.ts';
import { isOtherTimeAtPlace } from '../../../../domain/audition/clock-at-place.ts';
import type { Answer } from '../../../../domain/audition/events.ts';
import type { Meeting } from '../../../../domain/audition/meeting.ts';
import type { Slot } from '../../../../domain/audition/slot.ts';
import { meetingProviderName } from '../../../../domain/providers/meeting-provider-name.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import { compilePage } from '../document.ts';
import { languageOf, type Reading } from '../language.ts';
import { formatInstant, formatSlot } from '../local-time.ts';
import { consentBlockOf, consentBlockTemplate } from '../recording-consent/block.ts';
import type { ConsentQuestion } from '../recording-consent/question.ts';
import { respondTranslationsFor } from './translations.ts';

const render = compilePage({
  styles: `h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
dl { margin: 1.5rem 0; } dt { opacity: .7; font-size: .95rem; } dd { margin: 0 0 .75rem; font-weight: 600; overflow-wrap: anywhere; }
button { font: inherit; min-height: 2.75rem; padding: .7rem 1.2rem; margin: 0 .6rem .6rem 0; border-radius: .5rem; border: 1px solid #555; cursor: pointer; }
button.yes { background: #14532d; color: #fff; border-color: #14532d; }
.answer { padding: .8rem 1rem; border-left: .3rem solid #14532d; }`,
  body: `<% if (it.text) { %><p><%= it.text %></p><% } %>
<% if (it.facts) { %><dl><% for (const fact of it.facts) { %><dt><%= fact.label %></dt><dd><%= fact.value %></dd><% } %></dl><% } %>
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
  /** The provider of the meeting. Undefined: the audition is not by video. */
  readonly meeting?: Meeting['provider'] | undefined;
  /** When a decline becomes final. */
  readonly finalAt?: Instant | undefined;
  /** Undefined: the participant is not asked for a consent. */
  readonly consent?: ConsentQuestion | undefined;
}

/** Who reads the page, and what the link is known to be about. */
export interface RespondReader extends Reading {
  /** Unknown for the links of earlier versions. */
  readonly titles?: LinkTitles | undefined;
  /** The name of the casting office. */
  readonly office?: string | undefined;
}

/** The time on the clock of the place, for a person whose own clock differs. */
const timeAtPlace = (
  { slot, zone }: Pick<InvitationDetails, 'slot' | 'zone'>,
  locale: string,
): string | undefined =>
  slot.room !== undefined && isOtherTimeAtPlace(slot, zone) ? formatSlot(slot, slot.zone, locale) : undefined;

const factsOf = (
  details: Pick<InvitationDetails, 'slot' | 'zone' | 'meeting'>,
  { language, locale, titles, office }: RespondReader,
): readonly { readonly label: string; readonly value: string }[] => {
  const words = respondTranslationsFor(language);
  const { slot, zone, meeting } = details;
  return [
    { label: words.role, value: titles?.role },
    { label: words.project, value: titles?.project },
    { label: words.when, value: formatSlot(slot, zone, locale) },
    { label: words.whenAtPlace, value: timeAtPlace(details, locale) },
    { label: words.place, value: slot.room },
    { label: words.video, value: meeting && words.videoLink(meetingProviderName(meeting)) },
    { label: words.office, value: office },
  ].flatMap(({ label, value }) => (value === undefined ? [] : [{ label, value }]));
};

/**
 * Renders the invitation with the participant's current answer, and the form unless the answer is final.
 */
export const invitationPage = (
  details: InvitationDetails,
  { isFinal, reader }: { readonly isFinal: boolean; readonly reader: RespondReader },
): string => {
  const { language, locale } = reader;
  const { zone, answer, finalAt, consent } = details;
  const words = respondTranslationsFor(language);
  const answers: Partial<Record<Answer | 'none', string>> = {
    accepted: words.accepted,
    declined: words.declined,
  };
  const change = finalAt ? words.changeUntil(formatInstant(finalAt, zone, locale)) : words.changeMind;
  return render({
    language,
    words,
    title: words.title,
    facts: factsOf(details, reader),
    answered: answers[answer],
    change: isFinal ? words.final : change,
    asks: !isFinal,
    consent: isFinal ? undefined : consentBlockOf(consent, language),
  });
};

/** Renders the page of a link to an earlier slot, with the present slot if it is known. */
export const movedPage = (
  present: Pick<InvitationDetails, 'slot' | 'zone' | 'meeting'> | undefined,
  reader: RespondReader,
): string => {
  const { language } = reader;
  const words = respondTranslationsFor(language);
  return render({
    language,
    words,
    title: words.movedTitle,
    text: words.moved,
    facts: present && factsOf(present, reader),
  });
};

/** Renders the page of a link to a person who does not take part any more. */
export const formerPage = ({ language }: RespondReader): string => {
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
