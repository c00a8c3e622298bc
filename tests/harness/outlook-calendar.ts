/** Sets up an Outlook calendar at a new sandbox, for the tests of the provider. */
import { onTestFinished } from 'vitest';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import { createOutlookCalendar } from '../../providers/microsoft/calendar.ts';
import { createGraphClient } from '../../providers/microsoft/graph-client.ts';
import { createMicrosoftAuthorizer } from '../../providers/microsoft/oauth.ts';
import { createAccessTokens } from '../../providers/oauth/access-tokens.ts';
import type { CalendarEvent, ConnectedAccount } from '../../providers/ports.ts';
import { calendarEvent, deletion } from './google-calendar.ts';
import { sandboxSettings } from './sandbox-settings.ts';
import { createMemoryTokenStore } from './token-store.ts';

const casting = 'casting@contoso.example';

/** Our event in the main calendar of the mailbox. */
export const outlookEvent = (change: Partial<CalendarEvent> = {}): CalendarEvent =>
  calendarEvent({ calendarId: 'primary', ...change });

/** The end of the use that `outlookEvent` has. */
export const outlookDeletion = { ...deletion, calendarId: 'primary' };

/** Starts a sandbox that stops with the test, and returns a client and a connected account. */
export const setUpOutlookCalendar = async (options: SandboxOptions = {}, account = casting) => {
  const sandbox = await startSandbox(options);
  onTestFinished(() => sandbox.close());
  const { microsoft: settings } = sandboxSettings(sandbox.url);
  const { control } = sandbox;
  const client = createGraphClient(settings);
  const authorizer = createMicrosoftAuthorizer(settings);
  const accessTokens = createAccessTokens({
    store: createMemoryTokenStore(`sandbox-refresh-${account}`, 'microsoft'),
    authorizers: { google: undefined, microsoft: authorizer, zoom: undefined },
  });
  const owner = { id: 'conn_1', organization: 'org_1', provider: 'microsoft', version: 1 } as const;
  const connection: ConnectedAccount = {
    ...owner,
    account,
    ...accessTokens.forConnection(owner, 'test'),
  };
  const events = () => control.state().microsoft.calendars.flatMap((calendar) => calendar.events);
  return {
    url: sandbox.url,
    settings,
    control,
    client,
    authorizer,
    connection,
    calendar: createOutlookCalendar(client),
    events,
    /** Returns the events that a user sees in the calendar. */
    shown: () => events().filter(({ deleted }) => !deleted),
    calls: () => control.state().calls.microsoft,
  };
};
