/** Renders the page on which the calendars of an account are chosen. Forms only, no scripts. */
import type { Connection } from '../../../../db/connections/repository.ts';
import type { CalendarChoice, CalendarInChoice } from '../../../../domain/calendars/calendar-choice.ts';
import { isOAuthProvider } from '../../../../domain/providers/vendors.ts';
import { catalog } from '../../../../providers/catalog.ts';
import { type Language, languageOf } from '../language.ts';
import {
  type CalendarFormError,
  type CalendarTranslations,
  calendarTranslationsFor,
} from './calendar-translations.ts';
import { connectionTranslationsFor } from './translations.ts';
import { render } from './views.ts';

export interface CalendarPage {
  /** The URL of the connections page; the forms post to paths below it. */
  readonly at: string;
  /** CSRF token of the forms. */
  readonly form: string;
  readonly organization: string;
  readonly connection: Connection;
  readonly content:
    | {
        readonly kind: 'calendars';
        readonly calendars: readonly CalendarInChoice[];
        readonly trouble?: CalendarFormError | undefined;
      }
    /** The consent does not permit the calendars to be listed. */
    | { readonly kind: 'scope_missing'; readonly scope: string }
    | { readonly kind: 'not_readable' };
}

/** Renders the page. */
export const calendarPage = (page: CalendarPage, acceptLanguage: string | undefined): string => {
  const language = languageOf(acceptLanguage);
  const texts = calendarTranslationsFor(language);
  const { at, form, connection, content } = page;
  const words = connectionTranslationsFor(language);
  const title = texts.title(connection.account ?? catalog[connection.provider].displayName);
  const common = { at, form, words, texts, connection: connection.id };
  const body =
    content.kind === 'calendars'
      ? render('calendars', { ...common, ...choiceOf(page.organization, content, texts) })
      : render('calendars', { ...common, ...obstacleOf(page, texts, language) });
  return render('layout', { language, title, body });
};

const choiceOf = (
  organization: string,
  { calendars, trouble }: Extract<CalendarPage['content'], { kind: 'calendars' }>,
  texts: CalendarTranslations,
) => {
  const present = calendars.filter(({ isMissing }) => !isMissing);
  const missing = calendars.filter(({ isMissing }) => isMissing);
  const missingWritten = missing.find(({ isWritten }) => isWritten);
  const missingBusy = missing.filter(({ isWritten }) => !isWritten);
  const nameOf = ({ name }: CalendarInChoice): string => name || texts.unnamed;
  return {
    intro: texts.intro(organization),
    warnings: [
      ...(trouble ? [texts.trouble[trouble]] : []),
      ...(missingWritten ? [texts.missingWritten(nameOf(missingWritten))] : []),
      ...(missingBusy.length > 0 ? [texts.missing(missingBusy.map(nameOf).join(', '))] : []),
    ],
    writable: present
      .filter(({ isWritable }) => isWritable)
      .map((calendar) => ({
        id: calendar.calendarId,
        name: nameOf(calendar),
        isWritten: calendar.isWritten,
      })),
    readable: present.map((calendar) => ({
      id: calendar.calendarId,
      name: nameOf(calendar),
      isBusy: calendar.isBusy,
      isReadOnly: !calendar.isWritable,
    })),
  };
};

const obstacleOf = (
  { at, form, connection, content }: CalendarPage,
  texts: CalendarTranslations,
  language: Language,
) => {
  const { id, provider } = connection;
  const name = catalog[provider].displayName;
  const isMissingScope = content.kind === 'scope_missing';
  const connect = isOAuthProvider(provider)
    ? render('connect-form', {
        at,
        form,
        provider,
        connection: id,
        isFirst: true,
        scope: isMissingScope ? content.scope : undefined,
        label: isMissingScope ? texts.allowList(name) : connectionTranslationsFor(language).again(name),
      })
    : '';
  return { obstacle: isMissingScope ? texts.scopeMissing(name) : texts.notReadable(name), connect };
};

/** Returns the choice of calendars in words, for the card of an account. */
export const choiceInWords = (choice: CalendarChoice | undefined, language: Language): string => {
  const texts = calendarTranslationsFor(language);
  const written = choice?.written;
  const writtenName =
    written === undefined || written.calendarId === 'primary'
      ? texts.mainCalendar
      : written.name || texts.unnamed;
  const busy = (choice?.busy ?? []).filter(
    ({ calendarId }) => calendarId !== (written?.calendarId ?? 'primary'),
  );
  const names = busy.map(({ name }) => name || texts.unnamed).join(', ');
  return busy.length > 0 ? `${writtenName}; ${texts.alsoBusy(names)}` : writtenName;
};
