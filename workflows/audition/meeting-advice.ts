/**
 * Explains the errors of providers that an operator can correct: what happened, then what to do. The codes are
 * those of the providers' error tables: `providers/zoom/errors.ts`, `providers/google/errors.ts`, `providers/apple/errors.ts` and
 * `providers/microsoft/meeting-errors.ts`.
 */
const withoutMeet =
  'Google makes no Meet conference for events of this calendar, probably because its account may not use Meet any more; its administrator turns Meet on or assigns a license, or choose the calendar of another account';

const busyHosts =
  'every host of the organization has another meeting at that time; add a host with npm run ops -- meetings set, or choose another time';

export const meetingAdvice: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  zoom: {
    '1001': 'Zoom does not know the host, or the user is deactivated; correct the hosts of the organization',
    '1010': 'the host does not belong to the Zoom account; correct the hosts of the organization',
    '3002':
      'people are still in the meeting, and the consent of its host does not let this service end it; ask the host to end it',
    '3161':
      'the host may not schedule meetings, because its Zoom license has lapsed; assign a license, or choose another host',
    '300/password':
      'the passcode does not meet the rules of the Zoom account; change the passcode in the settings of the meeting, or let Zoom generate it',
    '300/settings.alternative_hosts':
      'an alternative host is not a licensed user of the Zoom account; correct the alternative hosts in the settings of the meeting',
    hosts_busy: busyHosts,
  },
  google: {
    conference_failed: withoutMeet,
    conference_missing: withoutMeet,
  },
  apple: {
    storage_full: 'the storage of the calendar account is full; ask its owner to free some, and retry',
  },
  microsoft: {
    personal_account:
      'Microsoft does not let the host create Teams meetings, probably because it is a personal account; connect a work or school account and choose it as a host',
    teams_not_allowed:
      'the host may not create Teams meetings; its administrator assigns a Teams license and a meeting policy that allows private meetings, or choose another host',
    scope_missing:
      'the consent of the host does not cover Teams meetings; its owner connects the account again and allows them',
    external_ids_used_up:
      'a person keeps deleting the Teams meeting of the audition; ask the host, or create the meeting with another provider',
    hosts_busy: busyHosts,
  },
};
