/** Connection maintenance on a real database, with a fake mail server and fake authorizers. */
import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { eq, like } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createReconnectNotice } from '../../activities/connections/reconnect-notice.ts';
import { authorizationRequests } from '../../db/schema/authorization-requests.ts';
import { credentialReads } from '../../db/schema/credential-reads.ts';
import { dataKeys } from '../../db/schema/data-keys.ts';
import { pendingRevocations } from '../../db/schema/pending-revocations.ts';
import { ProviderError, type ProviderFault } from '../../domain/errors.ts';
import { organizationIdSchema } from '../../domain/ids.ts';
import { createLogger } from '../../foundation/observability/logger.ts';
import type { EmailMessage, EmailProvider } from '../../providers/ports.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { createFakeAuthorizers } from '../../tests/harness/fake-authorizers.ts';
import { createConnectionMaintenanceRound } from './connection-maintenance.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const notStopping = new AbortController().signal;
const lostAnswer: ProviderFault = { kind: 'outage', effect: 'unknown' };

/** A mail server that stores the accepted emails and can lose its answer. */
const createFakeEmail = () => {
  const sent: EmailMessage[] = [];
  const faults: { readonly fault: ProviderFault; readonly isAccepted: boolean }[] = [];
  let accepting: Promise<void> | undefined;
  let journal: 'sent' | 'not_sent' | 'unknown' | undefined;
  const email: EmailProvider = {
    name: 'smtp',
    find: async (id) => journal ?? (sent.some(({ messageId }) => messageId === id) ? 'sent' : 'not_sent'),
    send: async (message, beforeHandover) => {
      const failure = faults.shift();
      if (!failure || failure.isAccepted) {
        await beforeHandover();
        await accepting;
        sent.push(message);
      }
      if (failure)
        throw new ProviderError('smtp', 'email.send', failure.fault, { status: 451, message: 'fake' });
    },
  };
  return {
    email,
    sent,
    fail: (fault: ProviderFault, isAccepted = false) => faults.push({ fault, isAccepted }),
    /** Keeps the server from accepting emails. Returns a function that ends this. */
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      accepting = promise;
      return resolve;
    },
    setJournalAnswer: (answer: typeof journal) => {
      journal = answer;
    },
  };
};

const setup = async (account = 'ann@example.com', emailBudget = 10) => {
  // Keeps accounts of earlier tests out of the rounds.
  await database.pool.query("UPDATE connections SET status = 'connected'");
  const organization = organizationIdSchema.parse(`org_${randomUUID()}`);
  const { repositories } = database;
  await repositories.organizations.put({ id: organization, name: 'North Casting', meetingProviders: [] });
  const connect = async () => {
    const connected = await repositories.connections.connect({
      organization,
      owner: 'ann',
      provider: 'google',
      grant: {
        account: { id: `ann-of-${organization}`, name: account },
        scopes: [],
        credential: { kind: 'oauth', refreshToken: 'r' },
      },
    });
    if (connected.kind !== 'connected') throw new Error('the account was not connected');
    return connected.id;
  };
  const id = await connect();
  const loseAccess = async () => {
    const connection = await repositories.connections.get(organization, id);
    await repositories.connections.markNeedsReauthorization(id, 'grant_refused', connection?.version ?? 0);
  };
  await loseAccess();
  const mail = createFakeEmail();
  const authorizers = createFakeAuthorizers();
  const options = {
    disconnected: repositories.disconnectedAccounts,
    authorizationRequests: repositories.authorizationRequests,
    revocations: repositories.pendingRevocations,
    watchSubscriptions: repositories.watchSubscriptions,
    watchEnding: { end: async () => {}, abandon: async () => {} },
    authorizers: authorizers.oauth,
    notifyOwner: createReconnectNotice({
      repositories,
      messageLimits: { sms: 10, email: emailBudget, smsCountries: 'any' },
      email: mail.email,
      linkTo: ({ id: connection }) => `https://auditions.example.com/connections/of-${connection}`,
    }),
    logger: createLogger({ level: 'silent', process: 'test' }, new Writable()),
  };
  const round = createConnectionMaintenanceRound(options);
  /** A round that has read which accounts have no notice before another round began to send them. */
  const lateRound = async () => {
    const accounts = await repositories.disconnectedAccounts.unnotified(10);
    return createConnectionMaintenanceRound({
      ...options,
      disconnected: { unnotified: async () => accounts },
    });
  };
  return { ...mail, authorizers, repositories, organization, id, connect, loseAccess, round, lateRound };
};

describe('the owner of an account that needs reauthorization', () => {
  it('gets one email with the link when several rounds run', async () => {
    const { round, sent, id } = await setup();
    await Promise.all([round(notStopping), round(notStopping)]);
    expect(await round(notStopping)).toBe(false);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      to: { address: 'ann@example.com' },
      subject: expect.stringContaining('Please connect your Google account again'),
      text: expect.stringContaining(`https://auditions.example.com/connections/of-${id}`),
      html: expect.stringContaining(`href="https://auditions.example.com/connections/of-${id}"`),
    });
    expect(sent[0]?.text).toContain('North Casting can no longer use your Google account ann@example.com');
    expect(sent[0]?.text).toContain('Veuillez reconnecter le compte');
  });

  it('gets one email when another round is sending it', async () => {
    const { round, lateRound, sent, hold, repositories } = await setup();
    const late = await lateRound();
    const accept = hold();
    const first = round(notStopping);
    await vi.waitFor(async () => expect(await repositories.disconnectedAccounts.unnotified(10)).toEqual([]));
    expect(await late(notStopping)).toBe(false);
    accept();
    expect(await first).toBe(false);
    expect(sent).toHaveLength(1);
  });

  it('gets an email that counts against the budget of the organization once', async () => {
    const { round, sent, fail, repositories, organization } = await setup();
    const used = async () => (await repositories.messageBudgets.today(organization)).used.email;
    fail({ kind: 'outage', effect: 'none' });
    await expect(round(notStopping)).rejects.toThrow('none of 1 reconnect notices');
    expect(await used()).toBe(0);
    await round(notStopping);
    await round(notStopping);
    expect([sent.length, await used()]).toEqual([1, 1]);
  });

  it('gets no email when the budget and its reserve are spent', async () => {
    const { round, sent, repositories } = await setup('ann@example.com', 0);
    await round(notStopping);
    expect(sent).toEqual([]);
    expect(await repositories.disconnectedAccounts.unnotified(10)).toEqual([]);
  });

  it('gets another email when the account loses access again', async () => {
    const { round, sent, connect, loseAccess } = await setup();
    await round(notStopping);
    await connect();
    await loseAccess();
    await round(notStopping);
    expect(sent).toHaveLength(2);
    expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(2);
  });

  it('gets no email once the account is connected again', async () => {
    const { round, sent, connect } = await setup();
    await connect();
    await round(notStopping);
    expect(sent).toEqual([]);
  });

  it.each(['ann', '+33123456789', 'not an @ address'])(
    'with the account name %s gets no email, in this and later rounds',
    async (name) => {
      const { round, sent, repositories } = await setup(name);
      await round(notStopping);
      expect(sent).toEqual([]);
      expect(await repositories.disconnectedAccounts.unnotified(10)).toEqual([]);
    },
  );

  it('gets the email in a later round after an outage of the mail server', async () => {
    const { round, sent, fail } = await setup();
    fail({ kind: 'outage', effect: 'none' });
    await expect(round(notStopping)).rejects.toThrow('none of 1 reconnect notices');
    expect(sent).toEqual([]);
    await round(notStopping);
    expect(sent).toHaveLength(1);
  });

  it('gets one email when the answer of the mail server was lost', async () => {
    const { round, sent, fail } = await setup();
    fail(lostAnswer, true);
    await expect(round(notStopping)).rejects.toThrow('none of 1 reconnect notices');
    await round(notStopping);
    expect(sent).toHaveLength(1);
  });

  it('gets no second email when it is unknown whether the first was accepted', async () => {
    const { round, sent, fail, setJournalAnswer, repositories } = await setup();
    fail(lostAnswer, true);
    setJournalAnswer('unknown');
    await expect(round(notStopping)).rejects.toThrow('none of 1 reconnect notices');
    await expect(round(notStopping)).rejects.toThrow('none of 1 reconnect notices');
    expect(await repositories.disconnectedAccounts.unnotified(10)).toEqual([]);
    expect(await round(notStopping)).toBe(false);
    expect(sent).toHaveLength(1);
  });

  it('gets no further attempts when the mail server rejects the address', async () => {
    const { round, sent, fail, repositories } = await setup();
    fail({ kind: 'rejected_input' });
    await round(notStopping);
    expect(sent).toEqual([]);
    expect(await repositories.disconnectedAccounts.unnotified(10)).toEqual([]);
  });
});

const makeDue = () =>
  database.db.update(pendingRevocations).set({ nextAttemptAt: '2020-01-01T00:00:00.000Z' });
const pendingCount = async () =>
  (await database.db.select().from(pendingRevocations)).filter(({ revokedAt }) => revokedAt === null).length;

const withPendingRevocation = async () => {
  const test = await setup();
  const { repositories, organization, id } = test;
  const actor = { by: 'owner:ann', role: 'owner', correlationId: 'c' } as const;
  const connection = { organization, id, provider: 'google' } as const;
  const accountId = `ann-of-${organization}`;
  const toRevoke = { provider: 'google', refreshToken: 'refresh-token-of-ann', accountId } as const;
  await repositories.accounts.disconnect(connection, actor, toRevoke);
  /** Whether the next round of the token refresh asks the provider whether the grant is valid. */
  const isRefreshDue = async () =>
    (await repositories.connections.listExpiring(60_000, 100)).some((expiring) => expiring.id === id);
  return { ...test, accountId, isRefreshDue };
};

describe('a grant that could not be revoked', () => {
  it('is revoked in a later round after a delay, and then deleted', async () => {
    const { round, authorizers } = await withPendingRevocation();
    await round(notStopping);
    expect(authorizers.revoked).toEqual([]);
    await makeDue();
    authorizers.failNextCall(lostAnswer);
    await round(notStopping);
    await round(notStopping);
    expect(authorizers.revoked).toEqual([]);
    await makeDue();
    await round(notStopping);
    expect(authorizers.revoked).toEqual(['refresh-token-of-ann']);
    expect(await pendingCount()).toBe(0);
    expect(await database.keys.db.select().from(dataKeys).where(like(dataKeys.id, 'rev%'))).toEqual([]);
  });

  it('is stored encrypted, and each read of it is recorded', async () => {
    const { round, id } = await withPendingRevocation();
    expect(JSON.stringify(await database.db.select().from(pendingRevocations))).not.toContain(
      'refresh-token',
    );
    await makeDue();
    await round(notStopping);
    const reads = await database.db.select().from(credentialReads).where(eq(credentialReads.subject, id));
    expect(reads).toMatchObject([{ secret: 'refresh_token', purpose: 'connections.revoke' }]);
  });

  it('is not revoked once the account is connected again, since that would revoke the new grant', async () => {
    const { round, authorizers, connect, id } = await withPendingRevocation();
    expect(await connect()).toBe(id);
    await makeDue();
    await round(notStopping);
    expect(authorizers.revoked).toEqual([]);
    expect(await pendingCount()).toBe(0);
  });

  it('leads to a refresh of the account that was connected while the provider revoked it', async () => {
    const { round, authorizers, connect, isRefreshDue } = await withPendingRevocation();
    // The provider may have ended the new grant too, or have granted it later.
    authorizers.onRevoke(async () => {
      await connect();
      expect(await isRefreshDue()).toBe(true);
      await database.pool.query("UPDATE connections SET access_token_expires_at = now() + interval '1 hour'");
    });
    await makeDue();
    await round(notStopping);
    expect(authorizers.revoked).toEqual(['refresh-token-of-ann']);
    expect(await isRefreshDue()).toBe(true);
  });

  it('leads to a refresh of the account whose new grant is stored after the revocation', async () => {
    const { round, authorizers, connect, isRefreshDue } = await withPendingRevocation();
    await makeDue();
    await round(notStopping);
    expect(authorizers.revoked).toEqual(['refresh-token-of-ann']);
    await connect();
    expect(await isRefreshDue()).toBe(true);
  });

  it('leads to no refresh of an account that is connected ten minutes after the revocation', async () => {
    const { round, connect, isRefreshDue } = await withPendingRevocation();
    await makeDue();
    await round(notStopping);
    await database.db.update(pendingRevocations).set({ revokedAt: '2020-01-01T00:00:00.000Z' });
    await round(notStopping);
    expect(await database.db.select().from(pendingRevocations)).toEqual([]);
    await connect();
    expect(await isRefreshDue()).toBe(false);
  });

  it('is not revoked while another organization uses the account, and its own account stays connected', async () => {
    const { round, authorizers, accountId, repositories } = await withPendingRevocation();
    const south = organizationIdSchema.parse(`org_${randomUUID()}`);
    const connected = await repositories.connections.connect({
      organization: south,
      owner: undefined,
      provider: 'google',
      grant: {
        account: { id: accountId, name: 'ann@example.com' },
        scopes: [],
        credential: { kind: 'oauth', refreshToken: 'other' },
      },
    });
    if (connected.kind !== 'connected') throw new Error(connected.kind);
    await makeDue();
    await round(notStopping);
    expect(authorizers.revoked).toEqual([]);
    expect(await pendingCount()).toBe(0);
    expect(await repositories.connections.get(south, connected.id)).toMatchObject({ status: 'connected' });
  });

  it('waits until the references of all connections are known', async () => {
    const { round, authorizers, repositories } = await withPendingRevocation();
    await repositories.connections.put({
      id: 'conn_earlier',
      organization: 'org_earlier',
      provider: 'google',
      account: 'earlier',
      refreshToken: 'r',
    });
    await database.pool.query("UPDATE connections SET provider_account = NULL WHERE id = 'conn_earlier'");
    await makeDue();
    await round(notStopping);
    expect(authorizers.revoked).toEqual([]);
    await repositories.missingReferences.complete(() => {});
    await makeDue();
    await round(notStopping);
    expect(authorizers.revoked).toEqual(['refresh-token-of-ann']);
  });

  it('is not retried after a week', async () => {
    const { round, authorizers } = await withPendingRevocation();
    await makeDue();
    await database.db.update(pendingRevocations).set({ createdAt: new Date('2020-01-01') });
    await round(notStopping);
    expect(authorizers.revoked).toEqual([]);
    expect(await pendingCount()).toBe(0);
  });
});

it('a maintenance round deletes expired authorization requests', async () => {
  const { round, repositories, organization } = await setup();
  const request = {
    organization,
    provider: 'google',
    state: 'state',
    browser: 'browser',
    codeVerifier: 'verifier',
    redirectUri: 'https://auditions.example.com',
    scopes: [],
    correlationId: 'c',
  } as const;
  await repositories.authorizationRequests.create(request);
  await database.db.update(authorizationRequests).set({ expiresAt: '2020-01-01T00:00:00.000Z' });
  await round(notStopping);
  const remaining = await database.db
    .select()
    .from(authorizationRequests)
    .where(eq(authorizationRequests.organization, organization));
  expect(remaining).toEqual([]);
});
