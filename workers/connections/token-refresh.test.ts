import { describe, expect, test, vi } from 'vitest';
import { ProviderError, type ProviderFault } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { ConnectionProvider } from '../../domain/providers/vendors.ts';
import { NotAuthentic, UnknownKey } from '../../foundation/encryption/aes-gcm.ts';
import type { AccessTokens } from '../../providers/oauth/access-tokens.ts';
import { createRefreshRound, startTokenRefresh } from './token-refresh.ts';

const expiringOf = (count: number, provider: ConnectionProvider = 'google') =>
  Array.from({ length: count }, (_, at) => {
    const id: ConnectionId = `conn_${provider}_${at}`;
    return { id, organization: 'org_1', provider } as const;
  });

const setup = (expiring = expiringOf(3)) => {
  const renew = vi.fn<AccessTokens['refreshIfExpiring']>(async () => 'renewed');
  const logger = { info: vi.fn(), warn: vi.fn() };
  const find = vi.fn(async () => expiring);
  const parts = { connections: { listExpiring: find }, accessTokens: { refreshIfExpiring: renew }, logger };
  return { parts, renew, logger, find, renewed: () => renew.mock.calls.map(([{ id }]) => id).sort() };
};

const failing = (fault: ProviderFault) => async () => {
  throw new ProviderError('google', 'oauth.refresh', fault, { message: 'no' });
};
const running = new AbortController().signal;

describe('a round', () => {
  test('renews what runs out within ten minutes', async () => {
    const { parts, renewed, find } = setup();
    expect(await createRefreshRound(parts)(running)).toBe(true);
    expect(find).toHaveBeenCalledWith(600_000, expect.any(Number));
    expect(renewed()).toEqual(['conn_google_0', 'conn_google_1', 'conn_google_2']);
  });

  test('renews no more than four at once', async () => {
    const { parts, renew } = setup(expiringOf(10));
    let underWay = 0;
    let most = 0;
    renew.mockImplementation(async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await Promise.resolve();
      underWay -= 1;
      return 'renewed';
    });
    await createRefreshRound(parts)(running);
    expect(most).toBe(4);
  });

  test('leaves a provider that fails alone, and goes on with the others', async () => {
    const { parts, renew, renewed, logger } = setup([...expiringOf(20), ...expiringOf(2, 'zoom')]);
    const fail = failing({ kind: 'outage', effect: 'none' });
    renew.mockImplementation(async ({ provider }) => (provider === 'google' ? fail() : 'renewed'));
    expect(await createRefreshRound(parts)(running)).toBe(false);
    expect(renewed().filter((id) => id.includes('zoom'))).toHaveLength(2);
    expect(renewed().filter((id) => id.includes('google')).length).toBeLessThanOrEqual(4);
    expect(logger.warn).toHaveBeenCalled();
  });

  test.each([new NotAuthentic('altered'), new UnknownKey('k1')])(
    'goes on with the others where one cannot be opened: %s',
    async (unreadable) => {
      const { parts, renew, renewed, logger } = setup(expiringOf(10));
      renew.mockImplementation(async ({ id }) => {
        if (id === 'conn_google_3') throw unreadable;
        return 'renewed';
      });
      expect(await createRefreshRound(parts)(running)).toBe(true);
      expect(renewed()).toHaveLength(10);
      expect(logger.warn).toHaveBeenCalledTimes(1);
    },
  );

  test('takes an account that needs its owner for no trouble of the provider', async () => {
    const { parts, renew, renewed, logger } = setup(expiringOf(10));
    renew.mockImplementation(failing({ kind: 'reconnect' }));
    expect(await createRefreshRound(parts)(running)).toBe(true);
    expect(renewed()).toHaveLength(10);
    expect(logger.warn).not.toHaveBeenCalled();
  });
});

test('stops at once while it waits', async () => {
  const { parts, find } = setup();
  await startTokenRefresh(parts).stop();
  expect(find).not.toHaveBeenCalled();
});

test('lets the refreshes end that are under way when it is stopped, and begins no other', async () => {
  const { parts, renew } = setup(expiringOf(9));
  const answered = Promise.withResolvers<'renewed'>();
  renew.mockReturnValue(answered.promise);
  const refresh = startTokenRefresh(parts, 1);
  await expect.poll(() => renew.mock.calls.length).toBe(4);
  const stopped = refresh.stop();
  answered.resolve('renewed');
  await stopped;
  expect(renew).toHaveBeenCalledTimes(4);
});
