/** What a provider's scopes let us do, in words. One that is not in here is shown as the provider writes it. */
import type { ConnectionProvider } from '../../../../domain/providers/vendors.ts';
import type { Language } from '../language.ts';

type Translations = Readonly<Record<Language, string>>;

const whoYouAre: Translations = { en: 'know which account it is', fr: 'savoir de quel compte il s’agit' };
const events: Translations = {
  en: 'see, write and delete events in your calendars',
  fr: 'voir, inscrire et supprimer des événements dans vos agendas',
};
const freeBusy: Translations = { en: 'see when you are free', fr: 'voir quand vous êtes libre' };
const calendarNames: Translations = {
  en: 'see the names of your calendars',
  fr: 'voir les noms de vos agendas',
};
const meetings: Translations = {
  en: 'make, change and delete video meetings',
  fr: 'créer, modifier et supprimer des réunions vidéo',
};
const meetingsSeen: Translations = { en: 'see your video meetings', fr: 'voir vos réunions vidéo' };
const whileAway: Translations = {
  en: 'do so while you are away, until you disconnect',
  fr: 'le faire en votre absence, jusqu’à ce que vous déconnectiez',
};

const google = 'https://www.googleapis.com/auth/';

const scopeDescriptions: Readonly<Record<ConnectionProvider, Readonly<Record<string, Translations>>>> = {
  google: {
    openid: whoYouAre,
    [`${google}userinfo.email`]: whoYouAre,
    [`${google}calendar`]: events,
    [`${google}calendar.events`]: events,
    [`${google}calendar.freebusy`]: freeBusy,
    [`${google}calendar.calendarlist.readonly`]: calendarNames,
  },
  microsoft: {
    openid: whoYouAre,
    profile: whoYouAre,
    email: whoYouAre,
    'User.Read': whoYouAre,
    offline_access: whileAway,
    'Calendars.ReadWrite': events,
    'OnlineMeetings.ReadWrite': meetings,
  },
  zoom: {
    'user:read:user': whoYouAre,
    'user:read': whoYouAre,
    'meeting:read:meeting': meetingsSeen,
    'meeting:read:list_meetings': meetingsSeen,
    'meeting:read': meetingsSeen,
    'meeting:write': meetings,
    'meeting:write:meeting': meetings,
    'meeting:update:meeting': meetings,
    'meeting:delete:meeting': meetings,
  },
  apple: {},
};

/** Each thing once, though several scopes may stand for it. */
export const describeScopes = (
  provider: ConnectionProvider,
  scopes: readonly string[],
  language: Language,
): readonly string[] => {
  // A password has no scopes: it opens the calendars as they are.
  if (provider === 'apple') return [events[language]];
  const known = scopeDescriptions[provider];
  return [
    ...new Set(scopes.map((scope) => (Object.hasOwn(known, scope) && known[scope]?.[language]) || scope)),
  ];
};
