import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfiguration } from '../../providers/configuration.ts';
import { providerVariables } from '../../providers/registry.ts';
import { localDefaults } from '../../tests/harness/local-defaults.ts';
import { ConfigurationError, loadTemporalClientConfiguration } from './configuration.ts';
import type { VariableGroup } from './variable-group.ts';

type Env = Record<string, string | undefined>;

const local: Env = {
  CASTMATCH_ENV: 'local',
  DATABASE_URL: 'postgres://castmatch:pw@127.0.0.1:5433/castmatch',
};

/** The vendor variables that have no default in production. */
const requiredVendorVariables = providerVariables
  .flatMap(({ shape, ...group }: VariableGroup) =>
    Object.entries(shape).map(([name, schema]) => {
      const value = group.deployed?.[name] ?? group.everywhere?.[name];
      return { name, isRequired: value === undefined && !schema.safeParse(undefined).success };
    }),
  )
  .filter(({ isRequired }) => isRequired)
  .map(({ name }) => name);

const production: Env = {
  ...Object.fromEntries(requiredVendorVariables.map((name) => [name, 'real'])),
  CASTMATCH_ENV: 'production',
  DATABASE_URL: 'postgres://castmatch:vD9kq2x@db.internal:5432/castmatch?sslmode=verify-full',
  TRUSTED_PROXIES: '10.0.0.0/8',
  SMS_COUNTRIES: 'FR,BE',
  TEMPORAL_ADDRESS: 'temporal.example.com:7233',
  TEMPORAL_NAMESPACE: 'castmatch.prod',
  TEMPORAL_API_KEY: 'temporal-cloud-key',
  PUBLIC_URL: 'https://auditions.example.com/',
  CASTMATCH_MASTER_KEYS: `k2:${randomBytes(32).toString('base64')},k1:${randomBytes(32).toString('base64')}`,
  GOOGLE_AUTH_URL: 'https://accounts.google.com',
  GOOGLE_ADMIN_URL: 'https://admin.googleapis.com',
  GOOGLE_MEET_URL: 'https://meet.googleapis.com',
  GOOGLE_CLIENT_ID: '123.apps.googleusercontent.com',
  GOOGLE_CLIENT_SECRET: 'GOCSPX-1',
  MICROSOFT_CLIENT_ID: '7d5b1e2c-0000-4000-8000-1a2b3c4d5e6f',
  MICROSOFT_CLIENT_SECRET: 'entra-real',
  ZOOM_CLIENT_ID: 'zoom-id',
  ZOOM_CLIENT_SECRET: 'zoom-real',
  ZOOM_ACCOUNT_ID: 'zoom-account',
  ZOOM_OAUTH_CLIENT_ID: 'zoom-user-id',
  ZOOM_OAUTH_CLIENT_SECRET: 'zoom-user-real',
  TWILIO_ACCOUNT_SID: `AC${'1'.repeat(32)}`,
  TWILIO_AUTH_TOKEN: 'twilio-real',
  TWILIO_MESSAGING_SERVICE_SID: `MG${'1'.repeat(32)}`,
  SMTP_URL: 'smtps://user:hG7w@smtp.example.com:465',
  SMTP_FROM: 'Auditions <auditions@example.com>',
};

const errorOf = (env: Env): ConfigurationError => {
  try {
    loadConfiguration(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
};
const namesOf = (env: Env) => errorOf(env).problems.map(({ name }) => name);

const authUrlOf = (env: Env) => loadConfiguration({ ...local, ...env }).google.authUrl;

describe('loadConfiguration', () => {
  it('needs only the environment and the database locally and defaults to the sandbox', () => {
    const configuration = loadConfiguration(local);
    expect(configuration).toMatchObject({
      environment: 'local',
      port: 3000,
      workerMetricsPort: 9464,
      taskQueueSuffix: '',
      reconciliationMinutes: 5,
      calendarPollMinutes: 15,
      calendarReconciliationHours: 24,
      logLevel: 'info',
      google: { apiUrl: 'http://127.0.0.1:4010', clientId: 'sandbox-google-client' },
      zoom: { apiUrl: 'http://127.0.0.1:4010/v2', accountId: 'sandbox-account', hostUsers: ['me'] },
      twilio: { authToken: 'sandbox-twilio-token' },
    });
    expect(configuration.masterKeys.map(({ key }) => key.length)).toEqual([32]);
    expect(configuration.workflowBundle).toBeUndefined();
  });

  it('configures no mail journal when only a mail server is set', () => {
    const smtp = { SMTP_URL: 'smtp://mail.example.com' };
    const journal = 'https://journal.example.com';
    expect(loadConfiguration(local).smtp.journalUrl).toBe(localDefaults.MAIL_JOURNAL_URL);
    expect(loadConfiguration({ ...local, SMTP_URL: '' }).smtp.journalUrl).toBe(
      localDefaults.MAIL_JOURNAL_URL,
    );
    expect(loadConfiguration({ ...local, MAIL_JOURNAL_URL: '' }).smtp.journalUrl).toBeUndefined();
    expect(loadConfiguration({ ...local, ...smtp }).smtp.journalUrl).toBeUndefined();
    expect(loadConfiguration({ ...local, ...smtp, MAIL_JOURNAL_URL: '' }).smtp.journalUrl).toBeUndefined();
    expect(loadConfiguration({ ...local, ...smtp, MAIL_JOURNAL_URL: journal }).smtp.journalUrl).toBe(journal);
  });

  it('derives the Google consent address from the token address unless it is set or Google itself', () => {
    const emulator = { GOOGLE_OAUTH_URL: 'http://127.0.0.1:4561/oauth2' };
    expect(authUrlOf({})).toBe(localDefaults.GOOGLE_AUTH_URL);
    expect(authUrlOf(emulator)).toBe('http://127.0.0.1:4561');
    expect(authUrlOf({ ...emulator, GOOGLE_AUTH_URL: 'https://login.example.com' })).toBe(
      'https://login.example.com',
    );
    const deployed = loadConfiguration({ ...production, GOOGLE_AUTH_URL: undefined });
    expect(deployed.google.authUrl).toBe('https://accounts.google.com');
  });

  it.each([
    ['JWT_ISSUER', 'https://login.example.com', 'JWT_AUDIENCE'],
    ['JWT_AUDIENCE', 'castmatch', 'JWT_ISSUER'],
    ['AWS_ACCESS_KEY_ID', 'AKIA', 'AWS_SECRET_ACCESS_KEY'],
  ])('rejects %s without its counterpart', (name, value, missing) => {
    expect(namesOf({ ...local, [name]: value })).toEqual([missing]);
  });

  it('accepts real settings in production and defaults to the vendors’ addresses', () => {
    const configuration = loadConfiguration(production);
    expect(configuration.google.apiUrl).toBe('https://www.googleapis.com');
    expect(configuration.zoom.apiUrl).toBe('https://api.zoom.us/v2');
    expect(configuration.publicUrl).toBe('https://auditions.example.com');
    expect(configuration.masterKeys.map(({ id }) => id)).toEqual(['k2', 'k1']);
    expect(configuration.temporal).toMatchObject({ apiKey: 'temporal-cloud-key', tls: {} });
    expect(configuration.workflowBundle).toBe('build/workflow-bundle.js');
  });

  it('lists every missing variable in one error with the value to set', () => {
    const error = errorOf({ CASTMATCH_ENV: 'production' });
    expect(error.problems.map(({ name }) => name)).toEqual([
      'PUBLIC_URL',
      'TRUSTED_PROXIES',
      'SMS_COUNTRIES',
      'DATABASE_URL',
      'TEMPORAL_ADDRESS',
      'TEMPORAL_NAMESPACE',
      'CASTMATCH_MASTER_KEYS',
      ...requiredVendorVariables,
    ]);
    expect(requiredVendorVariables).toEqual(
      expect.arrayContaining(['ZOOM_CLIENT_SECRET', 'SMTP_URL', 'SMTP_FROM']),
    );
    expect(error.message).toContain(
      'DATABASE_URL is not set. Set it to an address such as postgres://user:password@host:5432/castmatch.',
    );
  });

  it('lists malformed, missing and refused variables in the same error', () => {
    expect(
      namesOf({ ...production, PORT: 'abc', SMTP_FROM: undefined, ZOOM_API_URL: 'http://127.0.0.1:4010/v2' }),
    ).toEqual(['PORT', 'SMTP_FROM', 'ZOOM_API_URL']);
  });

  it('applies the production rules when CASTMATCH_ENV is missing or unknown', () => {
    const names = namesOf({ ...local, CASTMATCH_ENV: undefined });
    expect(names).toContain('CASTMATCH_ENV');
    expect(names).toContain('ZOOM_CLIENT_SECRET');
    expect(namesOf({ ...local, CASTMATCH_ENV: 'prod' })).toContain('CASTMATCH_ENV');
  });

  it('never prints a value in the error', () => {
    const error = errorOf({
      ...local,
      DATABASE_URL: 'mysql://me:hunter2@db/x',
      CASTMATCH_MASTER_KEYS: 'k:hunter2',
    });
    expect(error.problems).toHaveLength(2);
    expect(error.message).not.toContain('hunter2');
  });

  it('treats an empty variable as not set', () => {
    expect(loadConfiguration({ ...local, PORT: '', MAIL_JOURNAL_URL: '' }).port).toBe(3000);
    expect(namesOf({ ...local, DATABASE_URL: '' })).toEqual(['DATABASE_URL']);
  });

  it.each(['\n', ' ', '\r\n', '\t'])('removes %j around a value', (space) => {
    const jwt = { JWT_ISSUER: 'https://login.example.com', JWT_AUDIENCE: 'castmatch' };
    const spaced = Object.fromEntries(
      Object.entries({ ...local, ...jwt, PORT: '3001' }).map(([name, value]) => [
        name,
        `${space}${value}${space}`,
      ]),
    );
    expect(loadConfiguration(spaced)).toEqual(loadConfiguration({ ...local, ...jwt, PORT: '3001' }));
    expect(namesOf({ ...local, DATABASE_URL: space })).toEqual(['DATABASE_URL']);
  });

  const key = randomBytes(32).toString('base64');
  it.each([
    ['PORT', '70000'],
    ['PORT', '3000.5'],
    ['PORT', '-1'],
    ['WORKER_METRICS_PORT', '94 64'],
    ['LOG_LEVEL', 'loud'],
    ['DATABASE_URL', 'localhost:5432'],
    ['DATABASE_URL', 'https://db.example.com'],
    ['TEMPORAL_ADDRESS', 'http://temporal:7233'],
    ['TEMPORAL_ADDRESS', 'temporal'],
    ['TEMPORAL_TLS', 'maybe'],
    ['TEMPORAL_TLS_SERVER_CA_CERT_PATH', '/nowhere/ca.pem'],
    ['PUBLIC_URL', 'auditions.example.com'],
    ['PUBLIC_URL', 'ftp://auditions.example.com'],
    ['PUBLIC_URL', 'https://auditions.example.com/?a=b'],
    ['PUBLIC_URL', 'https://me:pw@auditions.example.com'],
    ['GOOGLE_API_URL', 'https://proxy.example.com/google'],
    ['SMTP_URL', 'https://smtp.example.com'],
    ['SMTP_FROM', 'nobody'],
    ['SMTP_FROM', 'A <a@b>\r\nBcc: c@d'],
    ['SMTP_FROM', 'A: B <a@b.example>'],
    ['SMTP_FROM', 'A, B <a@b.example>'],
    ['SMTP_FROM', 'A (B) <a@b.example>'],
    ['SMTP_FROM', 'a@b.example, c@d.example'],
    ['SMTP_FROM', 'a@b.example;'],
    ['SMTP_FROM', '"A "B" <a@b.example>'],
    ['MAIL_JOURNAL_URL', 'journal'],
    ['TWILIO_ACCOUNT_SID', 'AC123'],
    ['TWILIO_MESSAGING_SERVICE_SID', `AC${'1'.repeat(32)}`],
    ['CASTMATCH_TASK_QUEUE_SUFFIX', 'a/b'],
    ['CASTMATCH_MASTER_KEYS', key],
    ['CASTMATCH_MASTER_KEYS', `k1:${key},k1:${key}`],
    ['CASTMATCH_MASTER_KEYS', `k1:${key},`],
    ['CASTMATCH_MASTER_KEYS', `k.1:${key}`],
    ['CASTMATCH_MASTER_KEYS', `k1:${randomBytes(16).toString('base64')}`],
    ['CASTMATCH_MASTER_KEYS', `k1:${key.slice(0, -2)}`],
  ])('rejects %s=%s', (name, value) => {
    expect(namesOf({ ...local, [name]: value })).toEqual([name]);
  });
});

describe('loadConfiguration in staging and production', () => {
  it.each(
    Object.entries(localDefaults).filter(
      ([name]) =>
        ![
          'TEMPORAL_NAMESPACE',
          'SMTP_FROM',
          'TRUSTED_PROXIES',
          'SMS_DAILY_BUDGET',
          'EMAIL_DAILY_BUDGET',
          'SMS_COUNTRIES',
        ].includes(name),
    ),
  )('rejects the local default of %s', (name, value) => {
    expect(namesOf({ ...production, [name]: value })).toEqual([name]);
    expect(namesOf({ ...production, CASTMATCH_ENV: 'staging', [name]: value })).toEqual([name]);
  });

  it.each([
    ['PUBLIC_URL', 'http://auditions.example.com'],
    ['PUBLIC_URL', 'https://localhost'],
    ['PUBLIC_URL', 'https://app.localhost.'],
    ['ZOOM_API_URL', 'https://127.8.9.1/v2'],
    ['ZOOM_API_URL', 'https://2130706433/v2'],
    ['ZOOM_OAUTH_URL', 'https://[::1]'],
    ['ZOOM_OAUTH_URL', 'https://[::ffff:127.0.0.1]'],
    ['TWILIO_API_URL', 'https://0.0.0.0'],
    ['TWILIO_API_URL', 'http://api.twilio.com'],
    ['MAIL_JOURNAL_URL', 'http://journal.example.com'],
    ['SMTP_URL', 'smtp://localhost:1025'],
    ['TEMPORAL_ADDRESS', 'localhost:7233'],
    ['TEMPORAL_ADDRESS', '[::1]:7233'],
    ['ZOOM_CLIENT_SECRET', 'changeme'],
    ['ZOOM_CLIENT_SECRET', 'sandbox-of-mine'],
    ['DATABASE_URL', 'postgres://postgres:postgres@db.internal/castmatch?sslmode=require'],
    ['SMTP_URL', 'smtps://user:password@smtp.example.com'],
    ['CASTMATCH_MASTER_KEYS', `k1:${Buffer.alloc(32).toString('base64')}`],
    [
      'CASTMATCH_MASTER_KEYS',
      `k1:${randomBytes(32).toString('base64')},old:${localDefaults.CASTMATCH_MASTER_KEYS.split(':')[1]}`,
    ],
    ['TRUSTED_PROXIES', undefined],
    ['TRUSTED_PROXIES', 'all'],
    ['SMS_COUNTRIES', undefined],
    ['SMS_COUNTRIES', 'FR,Belgium'],
    ['SMS_DAILY_BUDGET', 'much'],
    ['DATABASE_URL', 'postgres://castmatch:vD9kq2x@db.internal/castmatch'],
    ['DATABASE_URL', 'postgres://castmatch:vD9kq2x@db.internal/castmatch?sslmode=prefer'],
    ['DATABASE_URL', 'postgres://castmatch:vD9kq2x@db.internal/castmatch?ssl=true&sslmode=disable'],
    [
      'DATABASE_URL',
      'postgres://castmatch:vD9kq2x@db.internal/castmatch?sslmode=verify-full&sslmode=disable',
    ],
    ['KEY_DATABASE_URL', 'postgres://castmatch:vD9kq2x@db.internal/keys?ssl=true&ssl=0'],
    ['DATABASE_CLEAR_TEXT_REASON', 'because'],
    ['SMTP_TLS', 'optional'],
    ['SMTP_URL', 'smtp://user:hG7w@smtp.example.com:587?ignoreTLS=true'],
    ['SMTP_URL', 'smtps://user:hG7w@smtp.example.com?tls.rejectUnauthorized=false'],
    ['MAIL_WEBHOOK_SECRET', `whsec_${'a'.repeat(32)},${localDefaults.MAIL_WEBHOOK_SECRET}`],
    ['TWILIO_PREVIOUS_AUTH_TOKEN', localDefaults.TWILIO_AUTH_TOKEN],
  ])('rejects %s=%s', (name, value) => {
    expect(namesOf({ ...production, [name]: value })).toEqual([name]);
  });

  it('rejects a connection to Temporal in clear text', () => {
    expect(namesOf({ ...production, TEMPORAL_API_KEY: undefined })).toEqual(['TEMPORAL_TLS']);
  });

  it('accepts clear text to PostgreSQL and Temporal with the reason, and that no proxy is trusted', () => {
    const configuration = loadConfiguration({
      ...production,
      DATABASE_URL: 'postgres://castmatch:vD9kq2x@127.0.0.1/castmatch',
      DATABASE_CLEAR_TEXT_REASON: 'Cloud SQL proxy on the same host',
      TEMPORAL_API_KEY: undefined,
      TEMPORAL_CLEAR_TEXT_REASON: 'the service mesh encrypts it',
      TRUSTED_PROXIES: 'none',
      SMTP_URL: 'smtp://user:hG7w@smtp.example.com:587',
    });
    expect(configuration).toMatchObject({ trustedProxies: [], smtp: { requireTls: true } });
  });

  it('rejects one port for the API and for monitoring, and accepts free ports for both', () => {
    expect(namesOf({ ...production, MONITORING_PORT: '3000' })).toEqual(['MONITORING_PORT']);
    expect(namesOf({ ...production, PORT: '08080', MONITORING_PORT: '8080' })).toEqual(['MONITORING_PORT']);
    expect(loadConfiguration({ ...production, PORT: '0', MONITORING_PORT: '0' }).monitoringPort).toBe(0);
  });

  it('accepts a loopback database address, which connection poolers use', () => {
    const url = 'postgres://castmatch:vD9kq2x@127.0.0.1:6432/castmatch?sslmode=require';
    expect(loadConfiguration({ ...production, DATABASE_URL: url }).databaseUrl).toBe(url);
  });
});

const pem = (content: string) => {
  const folder = mkdtempSync(join(tmpdir(), 'castmatch-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file.pem');
  writeFileSync(path, content);
  return path;
};

describe('the TLS settings of Temporal', () => {
  it('read the certificates from their files', () => {
    const { temporal } = loadTemporalClientConfiguration({
      CASTMATCH_ENV: 'local',
      TEMPORAL_TLS_SERVER_NAME: 'temporal.internal',
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: pem('authority'),
      TEMPORAL_TLS_CLIENT_CERT_PATH: pem('certificate'),
      TEMPORAL_TLS_CLIENT_KEY_PATH: pem('key'),
    });
    expect(temporal.tls).toEqual({
      serverNameOverride: 'temporal.internal',
      serverRootCACertificate: Buffer.from('authority'),
      clientCertPair: { crt: Buffer.from('certificate'), key: Buffer.from('key') },
    });
  });

  it('leave TLS off by default and turn it on with TEMPORAL_TLS=true', () => {
    expect(loadTemporalClientConfiguration({ CASTMATCH_ENV: 'local' }).temporal.tls).toBeUndefined();
    expect(
      loadTemporalClientConfiguration({ CASTMATCH_ENV: 'local', TEMPORAL_TLS: 'true' }).temporal.tls,
    ).toEqual({});
  });

  it('reject a certificate without its key and an API key without TLS', () => {
    expect(namesOf({ ...local, TEMPORAL_TLS_CLIENT_CERT_PATH: pem('certificate') })).toEqual([
      'TEMPORAL_TLS_CLIENT_CERT_PATH',
    ]);
    expect(namesOf({ ...local, TEMPORAL_API_KEY: 'key', TEMPORAL_TLS: 'false' })).toEqual(['TEMPORAL_TLS']);
  });
});

it('loadTemporalClientConfiguration needs no database and no provider settings', () => {
  const access = loadTemporalClientConfiguration({ CASTMATCH_ENV: 'test', TEMPORAL_NAMESPACE: 'other' });
  expect(access.temporal).toMatchObject({ address: '127.0.0.1:7233', namespace: 'other' });
});
