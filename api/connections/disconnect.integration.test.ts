/** Tests that disconnecting an account ends its channels at Google and its subscriptions at Microsoft Graph. */
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createWatchEnding, type WatchEnding } from '../../activities/connections/watch-ending.ts';
import type { Repositories } from '../../db/index.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { createLogger } from '../../foundation/observability/logger.ts';
import type { Authorizers } from '../../providers/oauth/authorizers.ts';
import type { Providers } from '../../providers/ports.ts';
import { apiDependencies, createFakeOrchestration } from '../../tests/harness/api.ts';
import { slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';
import { slotIn, useOutlookSync } from '../../tests/harness/outlook-sync-harness.ts';
import { createConnectionMaintenanceRound } from '../../workers/connections/connection-maintenance.ts';
import { disconnect } from './disconnect.ts';

const setUpGoogle = useCalendarSync();
const setUpOutlook = useOutlookSync();

const actor = { by: 'admin', role: 'admin', principal: 'admin', correlationId: 'corr-1' } as const;

const createDisconnecting = ({
  repositories,
  providers,
  connection,
}: {
  readonly repositories: Repositories;
  readonly providers: Pick<Providers, 'calendarChanges'> & { readonly authorizers: Authorizers };
  readonly connection: ConnectionId;
}) => {
  const lines: string[] = [];
  const logger = createLogger(
    { level: 'info', process: 'test' },
    new Writable({
      write: (line, _encoding, written) => {
        lines.push(String(line));
        written();
      },
    }),
  );
  const { authorizers, calendarChanges } = providers;
  const watchEnding: WatchEnding = createWatchEnding({
    connections: repositories.connections,
    watchSubscriptions: repositories.watchSubscriptions,
    authorizers: authorizers.oauth,
    calendarChanges,
    logger,
  });
  const dependencies = apiDependencies({
    repositories,
    auditionWorkflows: createFakeOrchestration(repositories.events),
    authorizers,
    watchEnding,
    logger,
  });
  const find = async () => {
    const found = await repositories.connections.get('org_1', connection);
    if (!found) throw new Error('there is no connection');
    return found;
  };
  const round = createConnectionMaintenanceRound({
    disconnected: { unnotified: async () => [] },
    authorizationRequests: repositories.authorizationRequests,
    revocations: repositories.pendingRevocations,
    watchSubscriptions: repositories.watchSubscriptions,
    watchEnding,
    authorizers: authorizers.oauth,
    notifyOwner: () => Promise.reject(new Error('no owner is notified')),
    logger,
  });
  return {
    logged: (text: string) => lines.filter((line) => line.includes(text)).length,
    disconnect: async () => disconnect(dependencies, await find(), actor, logger),
    /** Disconnects the account here, and stops before any call to the provider. */
    disconnectHere: async () => {
      const found = await find();
      const { accountId, provider } = found;
      const use = { purpose: 'test', correlationId: 'corr-1' };
      const credential = await repositories.connections.openCredential('org_1', connection, use);
      if (credential?.kind !== 'oauth' || accountId === undefined) throw new Error('no grant');
      if (provider !== 'google' && provider !== 'microsoft') throw new Error('no grant');
      const { refreshToken } = credential;
      await repositories.accounts.disconnect(found, actor, { provider, refreshToken, accountId });
    },
    maintain: () => round(new AbortController().signal),
    stored: () => repositories.watchSubscriptions.listByConnection(connection),
  };
};

const setUpChannel = async () => {
  const bench = await setUpGoogle();
  await bench.write(1, slot);
  await bench.sync();
  const { sandbox, account, pool, connection } = bench;
  const channels = () => sandbox.control.state().google.channels.filter(({ account: of }) => of === account);
  expect(channels()).toHaveLength(1);
  const makeDue = () =>
    pool.query('UPDATE pending_revocations SET next_attempt_at = now() WHERE connection = $1', [connection]);
  return { ...bench, ...createDisconnecting(bench), channels, makeDue };
};

describe('a disconnected account of Google', () => {
  it('has no channels left when its grant is revoked', async () => {
    const { disconnect, channels, stored, logged } = await setUpChannel();
    expect(await disconnect()).toBe('revoked');
    expect(channels()).toEqual([]);
    expect(await stored()).toEqual([]);
    expect(logged('left to expire')).toBe(0);
  });

  it('has no channels left when the process was killed after the account was erased', async () => {
    const { disconnectHere, sync, maintain, makeDue, channels, stored } = await setUpChannel();
    await disconnectHere();
    expect(await sync()).toEqual({ kind: 'ended', reason: 'disconnected' });
    expect(channels()).toHaveLength(1);
    expect(await stored()).toHaveLength(1);
    await makeDue();
    await maintain();
    expect(channels()).toEqual([]);
    expect(await stored()).toEqual([]);
  });

  it('has no channels left after an outage of the token endpoint', async () => {
    const { disconnect, maintain, makeDue, channels, stored, fault } = await setUpChannel();
    fault('google', { kind: 'outage', operation: 'token', times: 1 });
    fault('google', { kind: 'outage', operation: 'revoke', times: 1 });
    expect(await disconnect()).toBe('pending');
    expect(await stored()).toHaveLength(1);
    await makeDue();
    await maintain();
    expect(channels()).toEqual([]);
    expect(await stored()).toEqual([]);
  });

  it('is revoked within seconds when Google does not answer, and its channels are left to expire', async () => {
    const { disconnect, channels, stored, fault, logged } = await setUpChannel();
    fault('google', { kind: 'latency', operation: 'channels.stop', latencyMs: 60_000 });
    const begunAt = performance.now();
    expect(await disconnect()).toBe('revoked');
    expect(performance.now() - begunAt).toBeLessThan(9_000);
    expect(channels()).toHaveLength(1);
    expect(await stored()).toEqual([]);
    expect(logged('watches of disconnected account not ended')).toBe(1);
    expect(logged('watches of disconnected account left to expire')).toBe(1);
  });

  it('keeps the channels of the account that was connected again meanwhile', async () => {
    const bench = await setUpChannel();
    await bench.disconnectHere();
    const { connection, account } = bench;
    await bench.repositories.connections.put({
      id: connection,
      organization: 'org_1',
      provider: 'google',
      account,
      refreshToken: `sandbox-refresh-${account}`,
    });
    await bench.makeDue();
    await bench.maintain();
    expect(bench.channels()).toHaveLength(1);
    expect(await bench.stored()).toHaveLength(1);
  });
});

describe('a disconnected account of Microsoft', () => {
  it('has no subscription left', async () => {
    const bench = await setUpOutlook();
    await bench.hold(slotIn(10));
    await bench.write(slotIn(10));
    await bench.sync();
    expect(bench.subscriptions()).toHaveLength(1);
    const { disconnect, stored } = createDisconnecting(bench);
    expect(await disconnect()).toBe('unsupported');
    expect(bench.subscriptions()).toEqual([]);
    expect(await stored()).toEqual([]);
  });
});
