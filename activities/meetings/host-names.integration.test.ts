import { describe, expect, it } from 'vitest';
import type { MeetingHost } from '../../domain/audition/meeting-host.ts';
import { userIdOf } from '../../infra/sandbox/zoom/user-oauth.ts';
import { useMeetingHosts } from '../../tests/harness/meeting-hosts.ts';

const setup = useMeetingHosts();

const idOf = (email: string): MeetingHost => ({ kind: 'service', user: userIdOf(email) });

describe('one host with several names', () => {
  const busy = { type: 'conflict', details: [{ code: 'hosts_busy' }] };

  it('has one meeting at a time under its email address and its id', async () => {
    const { domain, choose, user, create, another, meetings } = await setup();
    await choose(user('a'));
    await create();
    await choose(idOf(`a@${domain}`));
    await expect(create({ audition: another() })).rejects.toMatchObject(busy);
    await choose(idOf(`a@${domain}`), user('a'));
    await expect(create({ audition: another() })).rejects.toMatchObject(busy);
    expect(meetings()).toHaveLength(1);
  });

  it('has one meeting at a time as me, under its email address, and as a connected account', async () => {
    const owner = `owner-${Date.now()}@example.com`;
    const { choose, connect, create, another, meetings, repositories } = await setup({
      sandbox: { zoom: { owner } },
    });
    await choose({ kind: 'service', user: 'me' });
    await create();
    await choose({ kind: 'service', user: owner.toUpperCase() });
    await expect(create({ audition: another() })).rejects.toMatchObject(busy);
    const connection = await connect('conn_owner', 'owner');
    await repositories.connections.put({
      id: 'conn_owner',
      organization: 'org_1',
      provider: 'zoom',
      account: owner,
      refreshToken: `sandbox-refresh-${owner}`,
      scopes: ['user:read:user'],
    });
    await choose(connection);
    await expect(create({ audition: another() })).rejects.toMatchObject(busy);
    expect(meetings()).toHaveLength(1);
  });

  it.each(['email', 'id', 'me'] as const)(
    'is busy when an earlier version has claimed its %s',
    async (name) => {
      const owner = `claimed-${name}-${Date.now()}@example.com`;
      const { choose, create, claimByName, claims } = await setup({ sandbox: { zoom: { owner } } });
      await claimByName({ email: owner, id: userIdOf(owner).toLowerCase(), me: 'me' }[name]);
      await choose({ kind: 'service', user: owner });
      await expect(create()).rejects.toMatchObject(busy);
      expect(await claims()).toEqual([]);
    },
  );
});
