/** Describes the providers' scopes in words. A scope without a description is shown by its name. */
import { type ConnectionProvider, isOAuthProvider } from '../../../../domain/providers/vendors.ts';
import type { Language } from '../language.ts';

type ScopeDescription = Readonly<Record<Language, string>>;

const whoYouAre: ScopeDescription = { en: 'know which account it is', fr: 'savoir de quel compte il s’agit' };
const events: ScopeDescription = {
  en: 'see, write and delete events in your calendars',
  fr: 'voir, inscrire et supprimer des événements dans vos agendas',
};
const eventsSeen: ScopeDescription = {
  en: 'see the events of this calendar, and write nothing',
  fr: 'voir les événements de cet agenda, sans rien y inscrire',
};
const freeBusy: ScopeDescription = { en: 'see when you are free', fr: 'voir quand vous êtes libre' };
const calendarNames: ScopeDescription = {
  en: 'see the names of your calendars',
  fr: 'voir les noms de vos agendas',
};
const sharedCalendars: ScopeDescription = {
  en: 'see the calendars that others share with you',
  fr: 'voir les agendas que d’autres partagent avec vous',
};
const rooms: ScopeDescription = {
  en: 'see the rooms of your organization',
  fr: 'voir les salles de votre organisation',
};
const meetings: ScopeDescription = {
  en: 'make, change and delete video meetings',
  fr: 'créer, modifier et supprimer des réunions vidéo',
};
const meetingsSeen: ScopeDescription = { en: 'see your video meetings', fr: 'voir vos réunions vidéo' };
const meetingSettings: ScopeDescription = {
  en: 'change the settings of your video meetings',
  fr: 'modifier les réglages de vos réunions vidéo',
};
const registrants: ScopeDescription = {
  en: 'register people for your video meetings, and cancel registrations',
  fr: 'inscrire des personnes à vos réunions vidéo, et annuler des inscriptions',
};
const attendance: ScopeDescription = {
  en: 'see who was in your video meetings, and when',
  fr: 'voir qui a participé à vos réunions vidéo, et quand',
};
const recordings: ScopeDescription = {
  en: 'see and download the recordings and transcripts of your video meetings',
  fr: 'voir et télécharger les enregistrements et les transcriptions de vos réunions vidéo',
};
const recordingsDeleted: ScopeDescription = {
  en: 'delete recordings of your video meetings, when your organization wants it',
  fr: 'supprimer des enregistrements de vos réunions vidéo, si votre organisation le souhaite',
};
const whileAway: ScopeDescription = {
  en: 'do so while you are away, until you disconnect',
  fr: 'le faire en votre absence, jusqu’à ce que vous déconnectiez',
};

const google = 'https://www.googleapis.com/auth/';

const scopeDescriptions: Readonly<Record<ConnectionProvider, Readonly<Record<string, ScopeDescription>>>> = {
  google: {
    openid: whoYouAre,
    [`${google}userinfo.email`]: whoYouAre,
    [`${google}calendar`]: events,
    [`${google}calendar.events`]: events,
    [`${google}calendar.freebusy`]: freeBusy,
    [`${google}calendar.calendarlist.readonly`]: calendarNames,
    [`${google}admin.directory.resource.calendar.readonly`]: rooms,
    [`${google}meetings.space.settings`]: meetingSettings,
    [`${google}meetings.space.readonly`]: attendance,
    [`${google}drive.meet.readonly`]: recordings,
  },
  microsoft: {
    openid: whoYouAre,
    profile: whoYouAre,
    email: whoYouAre,
    'User.Read': whoYouAre,
    offline_access: whileAway,
    'Calendars.ReadWrite': events,
    'Calendars.Read.Shared': sharedCalendars,
    'OnlineMeetings.ReadWrite': meetings,
    'OnlineMeetingArtifact.Read.All': attendance,
    'OnlineMeetingRecording.Read.All': recordings,
    'OnlineMeetingTranscript.Read.All': recordings,
    'Place.Read.All': rooms,
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
    'meeting:update:status': meetings,
    'meeting:update:in_meeting_controls': recordings,
    'meeting:delete:meeting': meetings,
    'meeting:write:registrant': registrants,
    'meeting:read:list_registrants': registrants,
    'meeting:update:registrant_status': registrants,
    'meeting:read:list_past_instances': meetingsSeen,
    'cloud_recording:read:list_recording_files': recordings,
    'cloud_recording:read:list_user_recordings': recordings,
    'recording:read': recordings,
    'cloud_recording:delete:meeting_recording': recordingsDeleted,
    'cloud_recording:delete:recording_file': recordingsDeleted,
    'recording:write': recordingsDeleted,
  },
  apple: {},
  ics: {},
};

/** Returns the descriptions of scopes without duplicates: several scopes can have the same description. */
export const describeScopes = (
  provider: ConnectionProvider,
  scopes: readonly string[],
  language: Language,
): readonly string[] => {
  // A password and an address have no scopes. A password gives access to all calendars, an address to read one.
  if (!isOAuthProvider(provider)) return [(provider === 'ics' ? eventsSeen : events)[language]];
  const descriptions = scopeDescriptions[provider];
  return [
    ...new Set(
      scopes.map((scope) => (Object.hasOwn(descriptions, scope) && descriptions[scope]?.[language]) || scope),
    ),
  ];
};
