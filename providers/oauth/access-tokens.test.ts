import { describe, expect, test, vi } from 'vitest';
import { ProviderError, type ProviderFault } from '../../domain/errors.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { createMemoryTokenStore } from '../../tests/harness/token-store.ts';
import { createAccessTokens } from './access-tokens.ts';
import type { OAuthAuthorizer } from './authorizers.ts';

const hour = 3_600_000;

const failure = (fault: ProviderFault, vendor: { status?: number; code?: string } = {}) =>
  new ProviderError('google', 'oauth.refresh', fault, { message: 'no', ...vendor });

const unused = async () => {
  throw new Error('not needed here');
};

/** A store shared by several processes, each with its own token cache, and a provider that counts refreshes. */
const setup = ({ lastsMs = hour, rotates = false, scopes = ['calendar'] } = {}) => {
  const store = createMemoryTokenStore('refresh-0');
  store.row.scopes = ['calendar', 'openid'];
  const revoked: string[] = [];
  let issued = 0;
  const answer = vi.fn<OAuthAuthorizer['refresh']>(async () => {
    issued += 1;
    return {
      accessToken: { value: `access-${issued}`, expiresAt: toInstant(Date.now() + lastsMs) },
      ...(rotates && { refreshToken: `refresh-${issued}` }),
      scopes,
    };
  });
  const google: OAuthAuthorizer = {
    provider: 'google',
    scopes: { required: ['calendar'], optional: [] },
    authorizationUrl: unused,
    redeem: unused,
    refresh: (token, call) => answer(token, call),
    revoke: async (token) => {
      revoked.push(token);
      return 'revoked';
    },
  };
  const process = () =>
    createAccessTokens({ store, authorizers: { google, microsoft: undefined, zoom: undefined } });
  const open = (tokens = process(), version = 1) =>
    tokens.forConnection(
      { organization: 'org_1', id: 'conn_1', provider: 'google', version },
      'calendar.putEvent',
    );
  return { store, answer, revoked, process, open };
};

describe('an access token', () => {
  test('is refreshed once for simultaneous callers, then used from memory', async () => {
    const { open, process, answer, store } = setup();
    const firstProcess = process();
    const wanted = Array.from({ length: 10 }, () => open(firstProcess).accessToken(callContext()));
    expect(new Set(await Promise.all(wanted))).toEqual(new Set(['access-1']));
    expect(await open(firstProcess).accessToken(callContext())).toBe('access-1');
    expect(answer).toHaveBeenCalledTimes(1);
    expect(store.reads).toEqual(['refresh_token for calendar.putEvent']);
  });

  test('is refreshed by one process while the others wait', async () => {
    const { open, answer } = setup();
    const wanted = Array.from({ length: 10 }, () => open().accessToken(callContext()));
    expect(new Set(await Promise.all(wanted))).toEqual(new Set(['access-1']));
    expect(answer).toHaveBeenCalledTimes(1);
  });

  test('that expires within a minute is refreshed before it is used', async () => {
    const { open, store } = setup();
    Object.assign(store.row, { accessToken: 'nearly-expired', expiresAt: Date.now() + 50_000 });
    expect(await open().accessToken(callContext())).toBe('access-1');
  });

  test('is used although the provider issues tokens for less than a minute', async () => {
    const { open, process, answer } = setup({ lastsMs: 30_000 });
    const firstProcess = process();
    expect(await open(firstProcess).accessToken(callContext())).toBe('access-1');
    expect(await open(firstProcess).accessToken(callContext())).toBe('access-2');
    expect(answer).toHaveBeenCalledTimes(2);
  });

  test('from memory is not used when the row has a newer one', async () => {
    const { open, process } = setup();
    const [firstProcess, otherProcess] = [process(), process()];
    await open(firstProcess).accessToken(callContext());
    const refused = open(otherProcess);
    refused.reportRejectedToken(await refused.accessToken(callContext()));
    expect(await refused.accessToken(callContext())).toBe('access-2');
    expect(await open(firstProcess, 3).accessToken(callContext())).toBe('access-2');
  });
});

describe('a rejected token', () => {
  test('causes one refresh for all callers in all processes', async () => {
    const { open, process, answer } = setup();
    const opened = Array.from({ length: 5 }, process).flatMap((tokensOfProcess) => [
      open(tokensOfProcess),
      open(tokensOfProcess),
      open(tokensOfProcess),
    ]);
    const tokens = await Promise.all(opened.map((account) => account.accessToken(callContext())));
    for (const [index, account] of opened.entries()) account.reportRejectedToken(tokens[index] ?? '');
    const renewed = await Promise.all(opened.map((account) => account.accessToken(callContext())));
    expect(new Set(renewed)).toEqual(new Set(['access-2']));
    expect(answer).toHaveBeenCalledTimes(2);
  });

  test('that was replaced already invalidates nothing', async () => {
    const { open, answer } = setup();
    const account = open();
    await account.accessToken(callContext());
    account.reportRejectedToken('an older one');
    expect(await account.accessToken(callContext())).toBe('access-1');
    expect(answer).toHaveBeenCalledTimes(1);
  });
});

describe('a refresh', () => {
  test('stores a new refresh token before the access token is used', async () => {
    const { open, store, answer } = setup({ rotates: true });
    const account = open();
    const token = await account.accessToken(callContext());
    expect(store.row.refreshToken).toBe('refresh-1');
    account.reportRejectedToken(token);
    await account.accessToken(callContext());
    expect(answer.mock.calls.map(([refreshToken]) => refreshToken)).toEqual(['refresh-0', 'refresh-1']);
  });

  test('that is rejected throws reconnect with the connection id', async () => {
    const { open, store, answer } = setup();
    answer.mockRejectedValue(failure({ kind: 'reconnect' }, { status: 400, code: 'invalid_grant' }));
    await expect(open().accessToken(callContext())).rejects.toMatchObject({
      fault: { kind: 'reconnect' },
      vendor: { code: 'grant_refused' },
      connection: 'conn_1',
    });
    expect(store.row.reason).toBe('grant_refused');
    await expect(open().accessToken(callContext())).rejects.toMatchObject({ fault: { kind: 'reconnect' } });
    expect(answer).toHaveBeenCalledTimes(1);
  });

  test('that is rejected after an interrupted refresh is reported as refresh_lost', async () => {
    const { open, store, answer } = setup();
    await store.beginRefresh(
      { organization: 'org_1', id: 'conn_1' },
      { version: 1, refused: false, leaseMs: -1 },
      { purpose: 'of a process that dies', correlationId: 'corr-0' },
    );
    answer.mockRejectedValue(failure({ kind: 'reconnect' }, { status: 400 }));
    await expect(open().accessToken(callContext())).rejects.toMatchObject({
      vendor: { code: 'refresh_lost' },
    });
    expect(store.row.reason).toBe('refresh_lost');
  });

  test('with missing scopes is stored and throws reconnect', async () => {
    const { open, store, answer } = setup({ rotates: true, scopes: ['openid'] });
    await expect(open().accessToken(callContext())).rejects.toMatchObject({
      fault: { kind: 'reconnect' },
      vendor: { code: 'scopes_missing' },
      connection: 'conn_1',
    });
    expect(store.row).toMatchObject({ reason: 'scopes_missing', refreshToken: 'refresh-1' });
    await expect(open().accessToken(callContext())).rejects.toMatchObject({ fault: { kind: 'reconnect' } });
    expect(answer).toHaveBeenCalledTimes(1);
  });

  test('accepts any scopes for an account without recorded scopes', async () => {
    const { open, store } = setup({ scopes: ['openid'] });
    store.row.scopes = [];
    expect(await open().accessToken(callContext())).toBe('access-1');
  });

  test('whose answer names no scopes removes none', async () => {
    const { open, answer, store } = setup();
    const expiresAt = toInstant(Date.now() + hour);
    answer.mockResolvedValueOnce({ accessToken: { value: 'no scopes named', expiresAt } });
    expect(await open().accessToken(callContext())).toBe('no scopes named');
    expect(store.row.reason).toBeUndefined();
  });

  test('is in doubt without an answer, and not with one', async () => {
    const { open, store, answer } = setup();
    answer.mockRejectedValueOnce(failure({ kind: 'outage', effect: 'none' }));
    await expect(open().accessToken(callContext())).rejects.toMatchObject({ fault: { kind: 'outage' } });
    expect(store.row.leaseUntil).toBe('in_doubt');
    expect(await open().accessToken(callContext())).toBe('access-1');

    const refused = open();
    refused.reportRejectedToken(await refused.accessToken(callContext()));
    answer.mockRejectedValueOnce(failure({ kind: 'outage', effect: 'none' }, { status: 503 }));
    await expect(refused.accessToken(callContext())).rejects.toMatchObject({ fault: { kind: 'outage' } });
    expect(store.row.leaseUntil).toBeUndefined();
  });

  test('that fails because of our client does not mark the connection', async () => {
    const { open, store, answer } = setup();
    answer.mockRejectedValue(failure({ kind: 'misconfigured' }, { status: 401, code: 'invalid_client' }));
    await expect(open().accessToken(callContext())).rejects.toMatchObject({
      fault: { kind: 'misconfigured' },
    });
    expect(store.row).toMatchObject({ reason: undefined, leaseUntil: undefined });
  });

  test('that fails also fails all waiting callers, without further refreshes', async () => {
    const { open, answer } = setup();
    const down = Promise.withResolvers<never>();
    answer.mockReturnValue(down.promise);
    const waiting = Array.from({ length: 5 }, () => open().accessToken(callContext()));
    const settled = Promise.allSettled(waiting);
    await expect.poll(() => answer.mock.calls.length).toBe(1);
    down.reject(failure({ kind: 'outage', effect: 'none' }, { status: 503 }));
    const kinds = (await settled).map(
      (outcome) => outcome.status === 'rejected' && outcome.reason.fault.kind,
    );
    expect(kinds.filter((kind) => kind === 'outage')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'retry')).toHaveLength(4);
    expect(answer).toHaveBeenCalledTimes(1);
  });

  test('survives a short database failure after the provider has answered', async () => {
    const { open, store } = setup({ rotates: true });
    const complete = vi.spyOn(store, 'completeRefresh').mockRejectedValueOnce(new Error('hiccup'));
    expect(await open().accessToken(callContext())).toBe('access-1');
    expect(store.row.refreshToken).toBe('refresh-1');
    expect(complete).toHaveBeenCalledTimes(2);
  });

  test('does not overwrite an account that was connected again meanwhile', async () => {
    const { open, store, answer } = setup();
    answer.mockImplementationOnce(async () => {
      Object.assign(store.row, { refreshToken: 'anew', version: 7, attempt: 7, leaseUntil: undefined });
      throw failure({ kind: 'reconnect' }, { status: 400 });
    });
    expect(await open().accessToken(callContext())).toBe('access-1');
    expect(answer.mock.calls.map(([refreshToken]) => refreshToken)).toEqual(['refresh-0', 'anew']);
    expect(store.row.reason).toBeUndefined();
  });

  test.each([
    [
      'is revoked when the account was disconnected meanwhile',
      'disconnected_here',
      'no token: disconnected_here',
      ['refresh-anew'],
    ],
    ['is not revoked when the account was connected again meanwhile', undefined, 'access-1', []],
  ] as const)('that gave another refresh token %s', async (_, reason, outcome, givenBack) => {
    const { open, store, answer, revoked } = setup();
    answer.mockImplementationOnce(async () => {
      Object.assign(store.row, { reason, version: 7, attempt: 7, leaseUntil: undefined });
      const accessToken = { value: 'too late', expiresAt: toInstant(Date.now() + hour) };
      return { accessToken, refreshToken: 'refresh-anew' };
    });
    const wanted = await open()
      .accessToken(callContext())
      .catch((error: unknown) => `no token: ${Object(error).vendor.code}`);
    expect(wanted).toBe(outcome);
    expect(revoked).toEqual(givenBack);
  });

  test('continues for the other callers when one caller cancels', async () => {
    const { open, process, answer } = setup();
    const firstProcess = process();
    const answered = Promise.withResolvers<Awaited<ReturnType<OAuthAuthorizer['refresh']>>>();
    answer.mockReturnValueOnce(answered.promise);
    const impatient = new AbortController();
    const [left, stays] = [
      open(firstProcess).accessToken(callContext(impatient.signal)),
      open(firstProcess).accessToken(callContext()),
    ];
    impatient.abort();
    await expect(left).rejects.toMatchObject({ fault: { kind: 'retry', effect: 'none' } });
    answered.resolve({ accessToken: { value: 'for the others', expiresAt: toInstant(Date.now() + hour) } });
    expect(await stays).toBe('for the others');
  });
});

describe('a token with missing scopes', () => {
  test('marks the connection for its owner', async () => {
    const { open, store } = setup();
    const account = open();
    await account.reportMissingScopes(await account.accessToken(callContext()));
    expect(store.row.reason).toBe('scopes_missing');
  });

  test('does not mark an account that was connected again', async () => {
    const { open, store } = setup();
    const account = open();
    const token = await account.accessToken(callContext());
    Object.assign(store.row, { version: 7 });
    await account.reportMissingScopes(token);
    expect(store.row.reason).toBeUndefined();
  });
});

describe('a refresh ahead of time', () => {
  const owner = { organization: 'org_1', id: 'conn_1', provider: 'google' } as const;

  test('refreshes an expiring token once', async () => {
    const { process, store, answer } = setup();
    Object.assign(store.row, { accessToken: 'lasts 5 minutes', expiresAt: Date.now() + 300_000 });
    const renewed = await Promise.all([
      process().refreshIfExpiring(owner, 600_000, callContext()),
      process().refreshIfExpiring(owner, 600_000, callContext()),
    ]);
    expect(renewed.sort()).toEqual(['not_needed', 'renewed']);
    expect(await process().refreshIfExpiring(owner, 600_000, callContext())).toBe('not_needed');
    expect(answer).toHaveBeenCalledTimes(1);
  });
});
