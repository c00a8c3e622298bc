/** Sets up Teams meetings at a new sandbox, for the tests of the provider. */
import type { MeetingSettings } from '../../domain/audition/meeting-settings.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import { createTeamsMeetings } from '../../providers/microsoft/online-meetings.ts';
import type { HostAccount, MeetingSpec } from '../../providers/ports.ts';
import { slot } from './google-calendar.ts';
import { setUpOutlookCalendar } from './outlook-calendar.ts';

/** The organizer of the meetings. */
export const organizer = 'casting@contoso.example';

/** Returns the meeting of an audition. */
export const teamsSpec = (
  settings: MeetingSettings = {},
  change: Partial<MeetingSpec> = {},
): MeetingSpec => ({
  reference: 'aud_ophelia:1f2e3d',
  topic: 'Audition: Ophelia',
  slot,
  settings,
  ...change,
});

/** Starts a sandbox that stops with the test, and returns the provider and a connected host. */
export const setUpTeams = async (options: SandboxOptions = {}, account = organizer) => {
  const outlook = await setUpOutlookCalendar(options, account);
  const { control, client, connection } = outlook;
  const host: HostAccount = { kind: 'connected', connection };
  return {
    ...outlook,
    teams: createTeamsMeetings(client),
    host,
    /** Returns the meetings that exist. */
    meetings: () => control.state().microsoft.onlineMeetings.filter(({ deleted }) => !deleted),
  };
};
