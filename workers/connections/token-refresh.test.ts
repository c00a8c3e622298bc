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
  const refreshIfExpiring = vi.fn<AccessTokens['refreshIfExpiring']>(async () => 'renewed');
  const logger = { info: vi.fn(), warn: vi.fn() };
  const listExpiring = vi.fn(async () => expiring);
  const parts = { connections: { listExpiring }, accessTokens: { refreshIfExpiring }, logger };
  return {
    parts,
    refreshIfExpiring,
    logger,
    listExpiring,
    refreshed: () => refreshIfExpiring.mock.calls.map(([{ id }]) => id).sort(),
  };
};

const failing = (fault: ProviderFault) => async () => {
  throw new ProviderError('google', 'oauth.refresh', fault, { message: 'no' });
};
const notStopping = new AbortController().signal;

describe('a token refresh round', () => {
  test('refreshes the tokens that expire within ten minutes', async () => {
    const { parts, refreshed, listExpiring } = setup();
    expect(await createRefreshRound(parts)(notStopping)).toBe(true);
    expect(listExpiring).toHaveBeenCalledWith(600_000, expect.any(Number));
    expect(refreshed()).toEqual(['conn_google_0', 'conn_google_1', 'conn_google_2']);
  });

  test('refreshes at most four tokens simultaneously', async () => {
    const { parts, refreshIfExpiring } = setup(expiringOf(10));
    let active = 0;
    let maxActive = 0;
    refreshIfExpiring.mockImplementation(async () => {
      active += 1;
      maxActive = Math.max(maxActive, active);
      await Promise.resolve();
      active -= 1;
      return 'renewed';
    });
    await createRefreshRound(parts)(notStopping);
    expect(maxActive).toBe(4);
  });

  test('skips a failing provider and continues with the others', async () => {
    const { parts, refreshIfExpiring, refreshed, logger } = setup([
      ...expiringOf(20),
      ...expiringOf(2, 'zoom'),
    ]);
    const fail = failing({ kind: 'outage', effect: 'none' });
    refreshIfExpiring.mockImplementation(async ({ provider }) =>
      provider === 'google' ? fail() : 'renewed',
    );
    expect(await createRefreshRound(parts)(notStopping)).toBe(false);
    expect(refreshed().filter((id) => id.includes('zoom'))).toHaveLength(2);
    expect(refreshed().filter((id) => id.includes('google')).length).toBeLessThanOrEqual(4);
    expect(logger.warn).toHaveBeenCalled();
  });

  test.each([new NotAuthentic('altered'), new UnknownKey('k1')])(
    'refreshes the other tokens when one cannot be decrypted: %s',
    async (unreadable) => {
      const { parts, refreshIfExpiring, refreshed, logger } = setup(expiringOf(10));
      refreshIfExpiring.mockImplementation(async ({ id }) => {
        if (id === 'conn_google_3') throw unreadable;
        return 'renewed';
      });
      expect(await createRefreshRound(parts)(notStopping)).toBe(true);
      expect(refreshed()).toHaveLength(10);
      expect(logger.warn).toHaveBeenCalledTimes(1);
    },
  );

  test('does not count an account that needs reauthorization as a failure of its provider', async () => {
    const { parts, refreshIfExpiring, refreshed, logger } = setup(expiringOf(10));
    refreshIfExpiring.mockImplementation(failing({ kind: 'reconnect' }));
    expect(await createRefreshRound(parts)(notStopping)).toBe(true);
    expect(refreshed()).toHaveLength(10);
    expect(logger.warn).not.toHaveBeenCalled();
  });
});

test('the token refresh loop stops immediately during its pause', async () => {
  const { parts, listExpiring } = setup();
  await startTokenRefresh(parts).stop();
  expect(listExpiring).not.toHaveBeenCalled();
});

test('the token refresh loop finishes its running refreshes when it is stopped and starts no others', async () => {
  const { parts, refreshIfExpiring } = setup(expiringOf(9));
  const answered = Promise.withResolvers<'renewed'>();
  refreshIfExpiring.mockReturnValue(answered.promise);
  const refresh = startTokenRefresh(parts, 1);
  await expect.poll(() => refreshIfExpiring.mock.calls.length).toBe(4);
  const stopped = refresh.stop();
  answered.resolve('renewed');
  await stopped;
  expect(refreshIfExpiring).toHaveBeenCalledTimes(4);
});
