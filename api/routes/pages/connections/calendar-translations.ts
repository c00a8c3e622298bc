/** The texts of the page on which the calendars of an account are chosen, by language. */
import { mostBusyCalendars } from '../../../../domain/calendars/calendar-choice.ts';
import type { Language } from '../language.ts';

/** Errors of the form that chooses calendars. */
export type CalendarFormError = 'tooMany' | 'changed';

export interface CalendarTranslations {
  /** The label of the link on the card of an account. */
  readonly choose: string;
  /** The title of the choice on the card of an account. */
  readonly label: string;
  readonly mainCalendar: string;
  readonly alsoBusy: (names: string) => string;
  readonly title: (account: string) => string;
  readonly intro: (organization: string) => string;
  readonly written: string;
  readonly busy: string;
  readonly busyHint: string;
  readonly unnamed: string;
  readonly readOnly: string;
  readonly nothingWritable: string;
  readonly missing: (names: string) => string;
  readonly missingWritten: (name: string) => string;
  readonly save: string;
  readonly trouble: Readonly<Record<CalendarFormError, string>>;
  readonly scopeMissing: (provider: string) => string;
  readonly allowList: (provider: string) => string;
  readonly notReadable: (provider: string) => string;
}

const en: CalendarTranslations = {
  choose: 'Choose calendars',
  label: 'Calendars',
  mainCalendar: 'your main calendar',
  alsoBusy: (names) => `also busy: ${names}`,
  title: (account) => `Calendars of ${account}`,
  intro: (organization) =>
    `${organization} writes auditions to one of your calendars, and proposes no time at which one of the others is busy. Your choice holds for new auditions.`,
  written: 'Auditions are written to',
  busy: 'Also count as busy',
  busyHint: 'The calendar to which auditions are written always counts as busy.',
  unnamed: 'Calendar without a name',
  readOnly: 'read only',
  nothingWritable: 'None of these calendars can be written.',
  missing: (names) =>
    `No longer available: ${names}. Auditions that use it wait for the casting office. Save your choice to remove it.`,
  missingWritten: (name) =>
    `The calendar to which auditions are written is no longer available: ${name}. Please choose another one.`,
  save: 'Save',
  trouble: {
    tooMany: `Please choose at most ${mostBusyCalendars} calendars that count as busy.`,
    changed: 'Your calendars have changed since this page was opened. Please choose again.',
  },
  scopeMissing: (provider) =>
    `You have not allowed us to see the names of your calendars at ${provider}. You can allow it now; nothing else changes.`,
  allowList: (provider) => `Allow it at ${provider}`,
  notReadable: (provider) =>
    `Your calendars cannot be listed, because ${provider} no longer accepts our access. Please connect the account again.`,
};

const fr: CalendarTranslations = {
  choose: 'Choisir les agendas',
  label: 'Agendas',
  mainCalendar: 'votre agenda principal',
  alsoBusy: (names) => `occupé aussi\u00a0: ${names}`,
  title: (account) => `Agendas de ${account}`,
  intro: (organization) =>
    `${organization} inscrit les auditions dans l’un de vos agendas et ne propose aucune heure à laquelle l’un des autres est occupé. Votre choix vaut pour les nouvelles auditions.`,
  written: 'Les auditions sont inscrites dans',
  busy: 'Comptent aussi comme occupés',
  busyHint: 'L’agenda dans lequel les auditions sont inscrites compte toujours comme occupé.',
  unnamed: 'Agenda sans nom',
  readOnly: 'lecture seule',
  nothingWritable: 'Aucun de ces agendas ne peut être modifié.',
  missing: (names) =>
    `N’est plus disponible\u00a0: ${names}. Les auditions qui l’utilisent attendent le bureau de casting. Enregistrez votre choix pour le retirer.`,
  missingWritten: (name) =>
    `L’agenda dans lequel les auditions sont inscrites n’est plus disponible\u00a0: ${name}. Veuillez en choisir un autre.`,
  save: 'Enregistrer',
  trouble: {
    tooMany: `Veuillez choisir au plus ${mostBusyCalendars} agendas qui comptent comme occupés.`,
    changed: 'Vos agendas ont changé depuis l’ouverture de cette page. Veuillez choisir à nouveau.',
  },
  scopeMissing: (provider) =>
    `Vous ne nous avez pas autorisés à voir les noms de vos agendas chez ${provider}. Vous pouvez l’autoriser maintenant\u202f; rien d’autre ne change.`,
  allowList: (provider) => `L’autoriser chez ${provider}`,
  notReadable: (provider) =>
    `La liste de vos agendas n’est pas accessible, car ${provider} n’accepte plus notre accès. Veuillez reconnecter le compte.`,
};

const translations: Readonly<Record<Language, CalendarTranslations>> = { en, fr };

/** Returns the texts in a language. */
export const calendarTranslationsFor = (language: Language): CalendarTranslations => translations[language];
