/** The texts about a calendar that is connected by its address, by language. It is no account at a provider. */
import type { Language } from '../language.ts';
import type { ProviderTexts } from './provider-texts.ts';

/** Errors of the form for the address of a calendar. */
export type FeedFormError =
  | 'badAddress'
  | 'unknownName'
  | 'denied'
  | 'webPage'
  | 'notCalendar'
  | 'tooLarge'
  | 'feedAway';

export interface FeedTranslations extends ProviderTexts {
  readonly address: string;
  readonly hint: string;
  readonly trouble: Readonly<Record<FeedFormError, string>>;
}

const en: FeedTranslations = {
  name: 'Calendar address (ICS)',
  connectTitle: 'Connect a calendar by its address',
  connectIntro: (organization) =>
    `${organization} asks to see when you are busy. The address of your calendar is enough for that: nothing is written to the calendar.`,
  againTitle: 'Enter the address of your calendar again',
  connect: 'Connect a calendar by its address',
  again: 'Enter another address',
  disconnectAsk:
    'We erase the address here, and read the calendar no more. To make the address useless for everybody, reset it where your calendar is.',
  address: 'Secret address of the calendar',
  hint: 'Google: settings of the calendar, “Secret address in iCal format”. Outlook: “Shared calendars”, “Publish a calendar”, the ICS link. iCloud: share the calendar as a public calendar. The address gives access to the calendar, so we store it encrypted.',
  trouble: {
    badAddress: 'We may not call this address. It must begin with https:// or webcal://, on a public server.',
    unknownName: 'There is no server with the name in this address. Please copy the address again.',
    denied:
      'There is no calendar for us at this address. It is private, or the address was reset. Please copy the secret address again, not the public one.',
    webPage:
      'This address leads to a web page, not to a calendar. Please copy the address in iCal format; it usually ends with .ics.',
    notCalendar:
      'What we found there is not a complete calendar in iCalendar format. Please check the address.',
    tooLarge: 'This calendar is larger than 16 MB. Please publish one without old events.',
    feedAway: 'This server does not answer just now. Nothing was changed. Please try again in a minute.',
  },
  notices: {
    connected: 'Your calendar is connected. We only read it.',
    disconnected: 'Your calendar is disconnected, and its address is erased here.',
    disconnectedHere: 'Your calendar is disconnected, and its address is erased here.',
    revokedLater: 'Your calendar is disconnected, and its address is erased here.',
    calendarsChosen: 'Your choice of calendars is saved.',
  },
  done: { title: 'Your calendar is connected', text: 'You can close this page.' },
};

const fr: FeedTranslations = {
  name: 'Adresse d’agenda (ICS)',
  connectTitle: 'Connecter un agenda par son adresse',
  connectIntro: (organization) =>
    `${organization} souhaite voir quand vous êtes occupé. L’adresse de votre agenda suffit pour cela\u00a0: rien n’y est inscrit.`,
  againTitle: 'Entrer à nouveau l’adresse de votre agenda',
  connect: 'Connecter un agenda par son adresse',
  again: 'Entrer une autre adresse',
  disconnectAsk:
    'Nous effaçons l’adresse ici et ne lisons plus l’agenda. Pour rendre l’adresse inutilisable pour tous, réinitialisez-la là où se trouve votre agenda.',
  address: 'Adresse secrète de l’agenda',
  hint: 'Google\u00a0: paramètres de l’agenda, «\u00a0Adresse secrète au format iCal\u00a0». Outlook\u00a0: «\u00a0Calendriers partagés\u00a0», «\u00a0Publier un calendrier\u00a0», le lien ICS. iCloud\u00a0: partagez le calendrier comme calendrier public. Quiconque a l’adresse peut lire l’agenda\u202f; nous la conservons donc chiffrée.',
  trouble: {
    badAddress:
      'Nous ne pouvons pas appeler cette adresse. Elle doit commencer par https:// ou webcal://, sur un serveur public.',
    unknownName:
      'Il n’existe pas de serveur portant le nom indiqué dans cette adresse. Copiez à nouveau l’adresse.',
    denied:
      'Il n’y a pas d’agenda pour nous à cette adresse. Il est privé, ou l’adresse a été réinitialisée. Copiez à nouveau l’adresse secrète, et non l’adresse publique.',
    webPage:
      'Cette adresse mène à une page web et non à un agenda. Copiez l’adresse au format iCal\u202f; elle se termine en général par .ics.',
    notCalendar:
      'Ce que nous y avons trouvé n’est pas un agenda complet au format iCalendar. Veuillez vérifier l’adresse.',
    tooLarge: 'Cet agenda dépasse 16 Mo. Veuillez en publier un sans les anciens événements.',
    feedAway:
      'Ce serveur ne répond pas pour le moment. Rien n’a été modifié. Veuillez réessayer dans une minute.',
  },
  notices: {
    connected: 'Votre agenda est connecté. Nous le lisons seulement.',
    disconnected: 'Votre agenda est déconnecté, et son adresse est effacée ici.',
    disconnectedHere: 'Votre agenda est déconnecté, et son adresse est effacée ici.',
    revokedLater: 'Votre agenda est déconnecté, et son adresse est effacée ici.',
    calendarsChosen: 'Votre choix d’agendas est enregistré.',
  },
  done: { title: 'Votre agenda est connecté', text: 'Vous pouvez fermer cette page.' },
};

const translations: Readonly<Record<Language, FeedTranslations>> = { en, fr };

/** Returns the texts in a language. */
export const feedTranslationsFor = (language: Language): FeedTranslations => translations[language];
