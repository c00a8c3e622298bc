/** The part of a page that asks whether the participant agrees to be recorded. */
import type { RecordingConsent } from '../../../../domain/audition/events.ts';
import type { Language } from '../language.ts';
import type { ConsentQuestion } from './question.ts';
import { consentTranslationsFor } from './translations.ts';

/** The template of the part. The page passes `consentBlockOf` as `consent`. */
export const consentBlockTemplate = `<% if (it.consent) { %>
<h2><%= it.consent.title %></h2>
<p><%= it.consent.question %></p>
<% if (it.consent.answered) { %><p class="answer"><%= it.consent.answered %></p><% } %>
<p><%= it.consent.change %></p>
<form method="post">
<% if (it.consent.mayGive) { %><button class="yes" name="consent" value="given"><%= it.consent.give %></button><% } %>
<button class="no" name="consent" value="refused"><%= it.consent.refuse %></button>
</form>
<% } %>`;

/** Returns the texts of the part. Undefined: the participant is not asked. */
export const consentBlockOf = (question: ConsentQuestion | undefined, language: Language) => {
  if (!question) return undefined;
  const words = consentTranslationsFor(language);
  const answers: Readonly<Record<RecordingConsent, string>> = {
    given: words.given,
    withdrawn: words.refused,
    refused: words.refused,
  };
  const isQuestion = question.kind === 'question';
  return {
    ...words,
    answered: question.answer && answers[question.answer],
    mayGive: isQuestion,
    change: isQuestion ? words.change : words.withdraw,
    refuse: isQuestion ? words.refuse : words.stop,
  };
};
