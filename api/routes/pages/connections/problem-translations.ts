/** The texts about problems of a connection, by language: what is wrong, and what its owner can do. */
import type { ConnectionProblemKind } from '../../../../domain/connections/connection-problem.ts';
import type { Language } from '../language.ts';
import type { ShownProblem } from './shown-problems.ts';

/** The page explains an account that must be connected again with its status. */
type ExplainedKind = Exclude<ConnectionProblemKind, 'reconnect'>;

interface ProblemText {
  /** @param calendar begins the sentence */
  readonly what: (calendar: string) => string;
  readonly whatToDo: string;
}

export interface ProblemTranslations {
  /** The status of an account that is connected and has a problem. */
  readonly status: string;
  readonly since: (moment: string) => string;
  readonly calendar: (calendar: ShownProblem['calendar']) => string;
  readonly problems: Readonly<Record<ExplainedKind, ProblemText>>;
}

const en: ProblemTranslations = {
  status: 'Connected, with a problem',
  since: (moment) => `Since ${moment}`,
  calendar: (calendar) => {
    switch (calendar?.kind) {
      case 'main':
        return 'Your main calendar';
      case 'named':
        return `The calendar “${calendar.name}”`;
      case undefined:
        return 'A calendar that auditions use';
    }
  },
  problems: {
    calendar_not_found: {
      what: (calendar) => `${calendar} was deleted, or is no longer shared with this account.`,
      whatToDo:
        'Restore it, or have it shared again. Until then we do not notice what changes in it. For new auditions you can choose another calendar.',
    },
    calendar_not_permitted: {
      what: (calendar) => `${calendar} can no longer be read with this account.`,
      whatToDo:
        'Ask the person who shares it to let you see all details of its events again. For new auditions you can choose another calendar.',
    },
    calendar_rejected: {
      what: (calendar) =>
        `${calendar} cannot be read: it has too many events, or its provider refuses to list them.`,
      whatToDo: 'Delete old events from it. For new auditions you can choose another calendar.',
    },
    calendar_unavailable: {
      what: (calendar) => `${calendar} cannot be read at the moment.`,
      whatToDo: 'You need not do anything: we keep trying, and the casting office sees it too.',
    },
    calendar_unreadable: {
      what: (calendar) => `${calendar} cannot be read: its provider answers in a form that we do not know.`,
      whatToDo:
        'Ask the casting office, which sees it too. We keep trying. For new auditions you can choose another calendar.',
    },
    events_unreadable: {
      what: (calendar) =>
        `${calendar} has events that cannot be read completely. They may not count as busy.`,
      whatToDo:
        'Look for events without a start, with an end before their start, or that were imported from a file. Correct them, or delete them and create them again. This note disappears within two days.',
    },
    events_too_frequent: {
      what: (calendar) =>
        `${calendar} has an event that repeats more often than we can list. From its start on, you count as busy without a break.`,
      whatToDo:
        'Give the repetition an end, or let the event repeat less often. This note disappears within two days.',
    },
  },
};

const fr: ProblemTranslations = {
  status: 'Connecté, avec un problème',
  since: (moment) => `Depuis le ${moment}`,
  calendar: (calendar) => {
    switch (calendar?.kind) {
      case 'main':
        return 'Votre agenda principal';
      case 'named':
        return `L’agenda «\u00a0${calendar.name}\u00a0»`;
      case undefined:
        return 'Un agenda utilisé par des auditions';
    }
  },
  problems: {
    calendar_not_found: {
      what: (calendar) => `${calendar} a été supprimé ou n’est plus partagé avec ce compte.`,
      whatToDo:
        'Restaurez-le ou faites-le partager à nouveau. D’ici là, nous ne voyons pas ce qui y change. Pour les nouvelles auditions, vous pouvez choisir un autre agenda.',
    },
    calendar_not_permitted: {
      what: (calendar) => `${calendar} ne peut plus être lu avec ce compte.`,
      whatToDo:
        'Demandez à la personne qui le partage de vous laisser à nouveau voir tous les détails de ses événements. Pour les nouvelles auditions, vous pouvez choisir un autre agenda.',
    },
    calendar_rejected: {
      what: (calendar) =>
        `${calendar} ne peut pas être lu\u00a0: il contient trop d’événements, ou son fournisseur refuse d’en donner la liste.`,
      whatToDo:
        'Supprimez-en les anciens événements. Pour les nouvelles auditions, vous pouvez choisir un autre agenda.',
    },
    calendar_unavailable: {
      what: (calendar) => `${calendar} ne peut pas être lu pour le moment.`,
      whatToDo: 'Vous n’avez rien à faire\u00a0: nous réessayons, et le bureau de casting le voit aussi.',
    },
    calendar_unreadable: {
      what: (calendar) =>
        `${calendar} ne peut pas être lu\u00a0: son fournisseur répond sous une forme que nous ne connaissons pas.`,
      whatToDo:
        'Adressez-vous au bureau de casting, qui le voit aussi. Nous réessayons. Pour les nouvelles auditions, vous pouvez choisir un autre agenda.',
    },
    events_unreadable: {
      what: (calendar) =>
        `${calendar} contient des événements qui ne peuvent pas être lus entièrement. Il se peut qu’ils ne comptent pas comme occupés.`,
      whatToDo:
        'Cherchez les événements sans début, ceux qui finissent avant de commencer et ceux qui ont été importés d’un fichier. Corrigez-les, ou supprimez-les et recréez-les. Cette note disparaît dans les deux jours.',
    },
    events_too_frequent: {
      what: (calendar) =>
        `${calendar} contient un événement qui se répète plus souvent que nous ne pouvons le lister. À partir de son début, vous comptez comme occupé sans interruption.`,
      whatToDo: 'Donnez une fin à la répétition, ou espacez-la. Cette note disparaît dans les deux jours.',
    },
  },
};

const translations: Readonly<Record<Language, ProblemTranslations>> = { en, fr };

/** Returns the texts in a language. */
export const problemTranslationsFor = (language: Language): ProblemTranslations => translations[language];
