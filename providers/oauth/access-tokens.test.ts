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

/** A store that several processes share, each with access tokens of its own, and a provider that counts. */
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
  test('is refreshed once for all who want it at the same moment, and used from memory then', async () => {
    const { open, process, answer, store } = setup();
    const one = process();
    const wanted = Array.from({ length: 10 }, () => open(one).accessToken(callContext()));
    expect(new Set(await Promise.all(wanted))).toEqual(new Set(['access-1']));
    expect(await open(one).accessToken(callContext())).toBe('access-1');
    expect(answer).toHaveBeenCalledTimes(1);
    expect(store.reads).toEqual(['refresh_token for calendar.putEvent']);
  });

  test('is refreshed once for all processes: the others wait for the one that does', async () => {
    const { open, answer } = setup();
    const wanted = Array.from({ length: 10 }, () => open().accessToken(callContext()));
    expect(new Set(await Promise.all(wanted))).toEqual(new Set(['access-1']));
    expect(answer).toHaveBeenCalledTimes(1);
  });

  test('that does not last a minute is refreshed before it is used', async () => {
    const { open, store } = setup();
    Object.assign(store.row, { accessToken: 'nearly-expired', expiresAt: Date.now() + 50_000 });
    expect(await open().accessToken(callContext())).toBe('access-1');
  });

  test('of a provider whose tokens never last a minute is used all the same', async () => {
    const { open, process, answer } = setup({ lastsMs: 30_000 });
    const one = process();
    expect(await open(one).accessToken(callContext())).toBe('access-1');
    expect(await open(one).accessToken(callContext())).toBe('access-2');
    expect(answer).toHaveBeenCalledTimes(2);
  });

  test('from memory is not used any more once the row has a newer one', async () => {
    const { open, process } = setup();
    const [one, other] = [process(), process()];
    await open(one).accessToken(callContext());
    const refused = open(other);
    refused.reportRejectedToken(await refused.accessToken(callContext()));
    expect(await refused.accessToken(callContext())).toBe('access-2');
    expect(await open(one, 3).accessToken(callContext())).toBe('access-2');
  });
});

describe('a refused token', () => {
  test('costs one refresh, however many callers in however many processes it was refused', async () => {
    const { open, process, answer } = setup();
    const opened = Array.from({ length: 5 }, process).flatMap((one) => [open(one), open(one), open(one)]);
    const tokens = await Promise.all(opened.map((one) => one.accessToken(callContext())));
    for (const [index, one] of opened.entries()) one.reportRejectedToken(tokens[index] ?? '');
    const anew = await Promise.all(opened.map((one) => one.accessToken(callContext())));
    expect(new Set(anew)).toEqual(new Set(['access-2']));
    expect(answer).toHaveBeenCalledTimes(2);
  });

  test('that is not the one in use any more invalidates nothing', async () => {
    const { open, answer } = setup();
    const one = open();
    await one.accessToken(callContext());
    one.reportRejectedToken('an older one');
    expect(await one.accessToken(callContext())).toBe('access-1');
    expect(answer).toHaveBeenCalledTimes(1);
  });
});

describe('a refresh', () => {
  test('stores another refresh token before the access token is used', async () => {
    const { open, store, answer } = setup({ rotates: true });
    const one = open();
    const token = await one.accessToken(callContext());
    expect(store.row.refreshToken).toBe('refresh-1');
    one.reportRejectedToken(token);
    await one.accessToken(callContext());
    expect(answer.mock.calls.map(([refreshToken]) => refreshToken)).toEqual(['refresh-0', 'refresh-1']);
  });

  test('that is refused needs the owner, who is named', async () => {
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

  test('that is refused after one whose end nobody saw has lost its refresh token', async () => {
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

  test('that gives less than is needed keeps what was given, and needs the owner', async () => {
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

  test('of an account whose scopes nobody has noted takes what it gets', async () => {
    const { open, store } = setup({ scopes: ['openid'] });
    store.row.scopes = [];
    expect(await open().accessToken(callContext())).toBe('access-1');
  });

  test('whose answer names no scopes took none away', async () => {
    const { open, answer, store } = setup();
    const expiresAt = toInstant(Date.now() + hour);
    answer.mockResolvedValueOnce({ accessToken: { value: 'no scopes named', expiresAt } });
    expect(await open().accessToken(callContext())).toBe('no scopes named');
    expect(store.row.reason).toBeUndefined();
  });

  test('that had no answer leaves a doubt, one that was answered does not', async () => {
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

  test('that our own wrong client is refused marks nothing', async () => {
    const { open, store, answer } = setup();
    answer.mockRejectedValue(failure({ kind: 'misconfigured' }, { status: 401, code: 'invalid_client' }));
    await expect(open().accessToken(callContext())).rejects.toMatchObject({
      fault: { kind: 'misconfigured' },
    });
    expect(store.row).toMatchObject({ reason: undefined, leaseUntil: undefined });
  });

  test('that fails fails for all who waited for it: they do not try in turn', async () => {
    const { open, answer } = setup();
    const down = Promise.withResolvers<never>();
    answer.mockReturnValue(down.promise);
    const waiting = Array.from({ length: 5 }, () => open().accessToken(callContext()));
    const settled = Promise.allSettled(waiting);
    await expect.poll(() => answer.mock.calls.length).toBe(1);
    down.reject(failure({ kind: 'outage', effect: 'none' }, { status: 503 }));
    const kinds = (await settled).map((one) => one.status === 'rejected' && one.reason.fault.kind);
    expect(kinds.filter((kind) => kind === 'outage')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'retry')).toHaveLength(4);
    expect(answer).toHaveBeenCalledTimes(1);
  });

  test('survives a database that hiccups after the provider has answered', async () => {
    const { open, store } = setup({ rotates: true });
    const complete = vi.spyOn(store, 'completeRefresh').mockRejectedValueOnce(new Error('hiccup'));
    expect(await open().accessToken(callContext())).toBe('access-1');
    expect(store.row.refreshToken).toBe('refresh-1');
    expect(complete).toHaveBeenCalledTimes(2);
  });

  test('gives way to the account that was connected again meanwhile', async () => {
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
      'is given back where the account was disconnected meanwhile',
      'disconnected_here',
      'no token: disconnected_here',
      ['refresh-anew'],
    ],
    ['is left alone where the account was connected again meanwhile', undefined, 'access-1', []],
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

  test('is not called off for the others by a caller who is', async () => {
    const { open, process, answer } = setup();
    const one = process();
    const answered = Promise.withResolvers<Awaited<ReturnType<OAuthAuthorizer['refresh']>>>();
    answer.mockReturnValueOnce(answered.promise);
    const impatient = new AbortController();
    const [left, stays] = [
      open(one).accessToken(callContext(impatient.signal)),
      open(one).accessToken(callContext()),
    ];
    impatient.abort();
    await expect(left).rejects.toMatchObject({ fault: { kind: 'retry', effect: 'none' } });
    answered.resolve({ accessToken: { value: 'for the others', expiresAt: toInstant(Date.now() + hour) } });
    expect(await stays).toBe('for the others');
  });
});

describe('a token whose consent does not cover a call', () => {
  test('has the owner asked for another', async () => {
    const { open, store } = setup();
    const one = open();
    await one.reportMissingScopes(await one.accessToken(callContext()));
    expect(store.row.reason).toBe('scopes_missing');
  });

  test('says nothing of the account once it was connected again', async () => {
    const { open, store } = setup();
    const one = open();
    const token = await one.accessToken(callContext());
    Object.assign(store.row, { version: 7 });
    await one.reportMissingScopes(token);
    expect(store.row.reason).toBeUndefined();
  });
});

describe('renewing ahead of time', () => {
  const owner = { organization: 'org_1', id: 'conn_1', provider: 'google' } as const;

  test('renews what does not last so long, once', async () => {
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
