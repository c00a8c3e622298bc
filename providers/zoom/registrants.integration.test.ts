import { describe, expect, it, onTestFinished } from 'vitest';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { sandboxSettings } from '../../tests/harness/sandbox-settings.ts';
import type { ConnectedAccount, MeetingSpec } from '../ports.ts';
import { createZoomClient } from './client.ts';
import { createZoomMeetings } from './meetings.ts';
import { createZoomRegistrants } from './registrants.ts';
import { zoomScopes } from './settings.ts';

const host = { kind: 'service', user: 'me' } as const;
const spec: MeetingSpec = {
  reference: 'a0b1c2d3e4',
  topic: 'Audition: Ophelia',
  slot: { start: '2031-12-01T09:00:00.000Z', end: '2031-12-01T09:30:00.000Z', zone: 'Europe/Paris' },
  settings: { registrants: true },
};
const ada = { reference: 'r-1', domain: 'casting.example', name: 'Ada Lovelace' };

const setup = async (options: SandboxOptions = {}) => {
  const sandbox = await startSandbox(options);
  const client = createZoomClient(sandboxSettings(sandbox.url).zoom);
  onTestFinished(async () => {
    await client.close();
    await sandbox.close();
  });
  const meetings = createZoomMeetings(client);
  return {
    meetings,
    registrants: createZoomRegistrants(client),
    create: () => meetings.create(host, spec, callContext()),
    stored: () => sandbox.control.state().zoom,
  };
};

const connectedHost = (scopes: readonly string[]) => {
  const connection: ConnectedAccount = {
    id: 'conn_1',
    organization: 'org_1',
    account: 'bea@example.com',
    scopes,
    accessToken: async () => 'token',
    reportRejectedToken: () => undefined,
    reportMissingScopes: async () => undefined,
    appPassword: () => Promise.reject(new TypeError('Zoom accounts have no password')),
    reportRejectedPassword: async () => undefined,
    feedAddress: () => Promise.reject(new TypeError('Zoom accounts have no feed')),
    reportRejectedFeedAddress: async () => undefined,
  };
  return { kind: 'connected', connection } as const;
};

describe('a meeting with registration', () => {
  it('approves each registration and sends no emails', async () => {
    const { create, stored } = await setup();
    expect((await create()).notHonored).toEqual([]);
    expect(stored().meetings).toMatchObject([
      {
        settings: {
          approval_type: 0,
          registrants_confirmation_email: false,
          registrants_email_notification: false,
        },
      },
    ]);
  });

  it('is named as not possible for a host without a license', async () => {
    const { create } = await setup({ zoom: { users: { 'owner@sandbox.example': 'basic' } } });
    expect((await create()).notHonored).toEqual(['registrants']);
  });
});

describe('the registrants of a meeting on Zoom', () => {
  it('are found by their reference until they are cancelled', async () => {
    const { create, registrants, stored } = await setup();
    const { meeting } = await create();
    const added = await registrants.add(host, meeting.id, ada, callContext());
    await registrants.add(host, meeting.id, { ...ada, reference: 'r-12' }, callContext());
    expect(added.joinUrl).toContain('tk=');
    expect(await registrants.find(host, meeting.id, 'r-1', callContext())).toEqual([added]);
    expect(stored().registrants[0]).toMatchObject({
      email: 'r-1@casting.example',
      firstName: 'Ada Lovelace',
    });
    expect(await registrants.cancel(host, meeting.id, added.id, callContext())).toBe('deleted');
    expect(await registrants.find(host, meeting.id, 'r-1', callContext())).toEqual([]);
  });

  it('are absent when the meeting is gone', async () => {
    const { create, meetings, registrants } = await setup();
    const { meeting } = await create();
    await meetings.remove(host, meeting.id, callContext());
    expect(await registrants.find(host, meeting.id, 'r-1', callContext())).toEqual([]);
    expect(await registrants.cancel(host, meeting.id, 'x', callContext())).toBe('absent');
    await expect(registrants.add(host, meeting.id, ada, callContext())).rejects.toMatchObject({
      fault: { kind: 'not_found' },
    });
  });

  it('fail with a full day when Zoom limits the registrations of one address', async () => {
    const { create, registrants } = await setup();
    const { meeting } = await create();
    for (let request = 0; request < 3; request += 1)
      await registrants.add(host, meeting.id, ada, callContext());
    await expect(registrants.add(host, meeting.id, ada, callContext())).rejects.toMatchObject({
      fault: { kind: 'quota_exhausted' },
    });
  });

  it('need scopes that a connected host may not have granted, which leaves the connection usable', async () => {
    const { registrants } = await setup();
    const call = registrants.add(connectedHost(zoomScopes.required), '1', ada, callContext());
    await expect(call).rejects.toMatchObject({
      fault: { kind: 'reconnect' },
      connection: 'conn_1',
      vendor: { code: 'registrant_scopes_missing' },
    });
  });
});
