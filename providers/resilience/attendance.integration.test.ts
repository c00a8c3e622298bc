/** The attendance of meetings through the call path. A missing report must not read as a report without people. */
import { expect, it, onTestFinished } from 'vitest';
import { callContext } from '../../tests/harness/call-context.ts';
import {
  calendarId,
  deletion,
  eventId,
  openConnectionWith,
  slot,
} from '../../tests/harness/google-calendar.ts';
import { sandboxSettings } from '../../tests/harness/sandbox-settings.ts';
import { setUpTeams, teamsSpec } from '../../tests/harness/teams-meetings.ts';
import { createProviders } from '../registry.ts';
import type { CallPath } from './call-path.ts';
import { routeThroughCallPath } from './call-path-providers.ts';

const openPath: CallPath = { run: (_operation, _account, _call, perform) => perform() };

const setUp = async () => {
  const { url, host, control } = await setUpTeams();
  const settings = sandboxSettings(url);
  const providers = createProviders({
    ...settings,
    smtp: { url: 'smtp://127.0.0.1:1', requireTls: false, from: 'casting@castmatch.test' },
  });
  onTestFinished(() => providers.close());
  const { meetings, calendars } = routeThroughCallPath(providers, openPath, providers.sharedAccounts);
  return { settings, host, control, meetings, calendars };
};

it('a Teams meeting has no attendance until there is a report', async () => {
  const { meetings, host, control } = await setUp();
  const teams = meetings.microsoft_teams;
  const { meeting } = await teams.create(host, teamsSpec(), callContext());
  expect(await teams.attendance?.(host, meeting.id, callContext())).toBeUndefined();
  control.joinMeeting('microsoft', meeting.joinUrl, { name: 'Ada' });
  control.endMeeting('microsoft', meeting.id);
  expect(await teams.attendance?.(host, meeting.id, callContext())).toMatchObject([{ name: 'Ada' }]);
});

it('a Meet conference without a record has no attendance', async () => {
  const { calendars, settings } = await setUp();
  const connection = openConnectionWith(settings.google, `sandbox-refresh-${calendarId}`);
  const spec = {
    calendarId,
    eventId,
    reference: deletion.reference,
    key: 'meeting:1',
    topic: 'Nightfall',
    slot,
    revision: 1,
    requestId: 'request-1',
    settings: {},
  };
  const { id } = await calendars.google.putConference(connection, spec, callContext());
  expect(await calendars.google.conferenceAttendance?.(connection, { id }, callContext())).toBeUndefined();
});
