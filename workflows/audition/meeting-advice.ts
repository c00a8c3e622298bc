/**
 * Explains the errors of meeting providers that an operator can correct: what happened, then what to do. The codes are
 * those of the providers' error tables, such as `providers/zoom/errors.ts`.
 */
const busyHosts =
  'every host of the organization has another meeting at that time; add a host with npm run ops -- meetings set, or choose another time';

export const meetingAdvice: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  zoom: {
    '1001': 'Zoom does not know the host, or the user is deactivated; correct the hosts of the organization',
    '1010': 'the host does not belong to the Zoom account; correct the hosts of the organization',
    '3161':
      'the host may not schedule meetings, because its Zoom license has lapsed; assign a license, or choose another host',
    '300/password':
      'the passcode does not meet the rules of the Zoom account; change the passcode in the settings of the meeting, or let Zoom generate it',
    '300/settings.alternative_hosts':
      'an alternative host is not a licensed user of the Zoom account; correct the alternative hosts in the settings of the meeting',
    hosts_busy: busyHosts,
  },
  microsoft: { hosts_busy: busyHosts },
};
