/** Connects a Google account against an independent emulator (npm `emulate`), including the clicks of the user. */
import { createEmulator } from 'emulate';
import { expect, onTestFinished, test } from 'vitest';
import { createGoogleCalendar } from '../../providers/google/calendar.ts';
import { createGoogleChanges } from '../../providers/google/changes.ts';
import { createGoogleClient } from '../../providers/google/client.ts';
import { createGoogleAuthorizer } from '../../providers/google/oauth.ts';
import type { ListedChange } from '../../providers/ports.ts';
import { callContext } from '../harness/call-context.ts';
import { callbackOf, createPkce } from '../harness/consent.ts';
import { findFreePort } from '../harness/free-port.ts';
import { calendarEvent } from '../harness/google-calendar.ts';
import { nothingStored } from '../harness/stored-events.ts';
import { signInAs } from './sign-in.ts';

const redirectUri = callbackOf('google');

const setup = async () => {
  const emulator = await createEmulator({
    service: 'google',
    port: await findFreePort(),
    seed: {
      google: {
        users: [{ email: 'performer@example.com', name: 'Performer' }],
        calendars: [
          { id: 'primary', user_email: 'performer@example.com', summary: 'Performer', primary: true },
        ],
        calendar_events: [
          {
            id: 'evt_rehearsal',
            user_email: 'performer@example.com',
            calendar_id: 'primary',
            summary: 'Rehearsal',
            start_date_time: '2026-12-01T09:00:00.000Z',
            end_date_time: '2026-12-01T09:30:00.000Z',
          },
        ],
        oauth_clients: [{ client_id: 'a-client', client_secret: 'its-secret', redirect_uris: [redirectUri] }],
      },
    },
  });
  onTestFinished(() => emulator.close());
  const settings = {
    apiUrl: emulator.url,
    adminUrl: emulator.url,
    meetUrl: emulator.url,
    // The emulator serves the token endpoint under /oauth2; Google's has no such prefix.
    oauthUrl: `${emulator.url}/oauth2`,
    authUrl: emulator.url,
    clientId: 'a-client',
    clientSecret: 'its-secret',
  };
  const authorizer = createGoogleAuthorizer(settings);
  const { verifier: codeVerifier, challenge: codeChallenge } = createPkce();
  const consent = async () => {
    const page = await authorizer.authorizationUrl({
      state: 'a-state',
      codeChallenge,
      redirectUri,
      scopes: authorizer.scopes.required,
    });
    return signInAs('performer@example.com', page);
  };
  const connect = async () => {
    const code = (await consent()).get('code') ?? '';
    return authorizer.redeem({ code, codeVerifier, redirectUri }, callContext());
  };
  return { settings, authorizer, codeVerifier, consent, connect };
};

test('a Google account can be connected, refreshed and revoked', async () => {
  const { authorizer, codeVerifier, consent } = await setup();
  const answer = await consent();
  expect(answer.get('state')).toBe('a-state');
  const code = answer.get('code') ?? '';
  const grant = await authorizer.redeem({ code, codeVerifier, redirectUri }, callContext());
  expect(grant.account).toMatchObject({ name: 'performer@example.com' });
  if (grant.credential.kind !== 'oauth') throw new Error('no refresh token');

  const renewed = await authorizer.refresh(grant.credential.refreshToken, callContext());
  expect(renewed.accessToken.value).not.toBe(grant.accessToken?.value);
  expect(Date.parse(renewed.accessToken.expiresAt)).toBeGreaterThan(Date.now());

  expect(await authorizer.revoke(grant.credential.refreshToken, callContext())).toBe('revoked');
  await expect(authorizer.refresh(grant.credential.refreshToken, callContext())).rejects.toMatchObject({
    fault: { kind: 'reconnect' },
  });
});

test('an authorization code is accepted once, and only with its verifier', async () => {
  const { authorizer, codeVerifier, consent } = await setup();
  const stolen = (await consent()).get('code') ?? '';
  const redeem = (code: string, verifier: string) =>
    authorizer.redeem({ code, codeVerifier: verifier, redirectUri }, callContext());
  const refused = { fault: { kind: 'rejected_input' } };
  await expect(redeem(stolen, createPkce().verifier)).rejects.toMatchObject(refused);

  const code = (await consent()).get('code') ?? '';
  await redeem(code, codeVerifier);
  await expect(redeem(code, codeVerifier)).rejects.toMatchObject(refused);
});

/** Returns a client of the emulator, and the connected account. */
const setupCalendar = async () => {
  const { settings, connect } = await setup();
  const { accessToken } = await connect();
  const connection = {
    id: 'conn_1',
    organization: 'org_1',
    account: 'performer@example.com',
    accessToken: async () => accessToken?.value ?? '',
    reportRejectedToken: () => {},
    appPassword: () => Promise.reject(new TypeError('the account was connected with OAuth')),
    reportRejectedPassword: async () => {},
    feedAddress: () => Promise.reject(new TypeError('the account was connected with OAuth')),
    reportRejectedFeedAddress: async () => {},
    reportMissingScopes: async () => {},
  } as const;
  return { client: createGoogleClient(settings), connection };
};

const rehearsal = { start: '2026-12-01T09:00:00.000Z', end: '2026-12-01T09:30:00.000Z' } as const;

test('the calendar of a connected Google account can be read', async () => {
  const { client, connection } = await setupCalendar();
  const calendar = createGoogleCalendar(client);
  const window = { from: '2026-12-01T00:00:00.000Z', until: '2026-12-02T00:00:00.000Z' } as const;
  expect(await calendar.freeBusy(connection, ['primary'], window, callContext())).toEqual([rehearsal]);
  expect(await calendar.busyEvents(connection, 'primary', window, callContext())).toEqual([
    { ...rehearsal, busy: 'busy', eventId: 'evt_rehearsal', reference: undefined },
  ]);
});

// The emulator chooses the ids of events itself, drops private properties, and neither reads nor changes single events. So
// an event of ours is a foreign one to it.
test('an event is written to the calendar, and all events are listed in pages', async () => {
  const { client, connection } = await setupCalendar();
  const written = await createGoogleCalendar(client).putEvent(
    connection,
    calendarEvent({ calendarId: 'primary' }),
    callContext(),
  );
  const changes = createGoogleChanges(client, { pageSize: 1 });
  const listed: ListedChange[] = [];
  let page: string | undefined;
  do {
    const answer = await changes.listChanges(
      connection,
      'primary',
      { kind: 'all', since: '2026-11-01T00:00:00.000Z', page },
      callContext(),
      nothingStored,
    );
    if (answer.kind !== 'page') throw new Error(answer.kind);
    expect(answer.changes).toHaveLength(1);
    listed.push(...answer.changes);
    page = answer.nextPage;
    // Without a sync token, the next listing is one of all events.
    expect(answer.nextCursor).toBeUndefined();
  } while (page !== undefined);
  expect(listed.map(({ id }) => id).toSorted()).toEqual(['evt_rehearsal', written.eventId].toSorted());
  expect(listed.find(({ id }) => id === 'evt_rehearsal')?.event).toMatchObject({
    ...rehearsal,
    busy: 'busy',
    isAllDay: false,
  });
});
