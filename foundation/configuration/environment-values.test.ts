/** Tests values as they arrive from secret stores, env files and copied text. */
import { describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../providers/configuration.ts';
import {
  readApiSettings,
  readDatabaseUrls,
  temporalCliEnvironment,
  UsageError,
} from './cli-configuration.ts';
import { ConfigurationError } from './configuration.ts';
import { readMessageLimits } from './message-limits.ts';

const local = {
  CASTMATCH_ENV: 'local',
  DATABASE_URL: 'postgres://castmatch:pw@127.0.0.1:5433/castmatch',
};

const problemsOf = (env: NodeJS.ProcessEnv) => {
  try {
    loadConfiguration({ ...local, ...env });
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
};

describe('a value of the environment', () => {
  it.each(['\n', '\r\n', ' ', '\ufeff', '\u00a0'])('is read without %j around it', (space) => {
    const { twilio } = loadConfiguration({ ...local, TWILIO_AUTH_TOKEN: `${space}token${space}` });
    expect(twilio.authToken).toBe('token');
  });

  it.each([
    ['in double quotes', '"token"', /quotes/],
    ['in single quotes', "'token'", /quotes/],
    ['in quotes, before a line break', '"token"\n', /quotes/],
    ['of two lines', 'token\nother', /cannot be seen/],
    ['with a zero-width space', 'token\u200b', /cannot be seen/],
    ['with a byte order mark inside', 'to\ufeffken', /cannot be seen/],
    ['with an escape character', 'to\u001bken', /cannot be seen/],
  ])('is refused by name %s', (_kind, value, message) => {
    expect(problemsOf({ TWILIO_AUTH_TOKEN: value })).toEqual([
      { name: 'TWILIO_AUTH_TOKEN', message: expect.stringMatching(message) },
    ]);
  });

  it.each([
    ['MAIL_WEBHOOK_SECRET', 'new,"old"'],
    ['MAIL_WEBHOOK_SECRET', 'new\nold'],
    ['ZOOM_WEBHOOK_SECRET', "'new','old'"],
    ['JWT_AUDIENCE', '"castmatch"'],
    ['DATABASE_URL', 'postgres://castmatch:pw%0A@127.0.0.1:5433/castmatch'],
    ['DATABASE_URL', 'postgres://castmatch:%20pw@127.0.0.1:5433/castmatch'],
    ['SMTP_URL', 'smtp://user%0d%0a:pw@127.0.0.1:1025'],
    ['SMTP_URL', 'smtp://user:%22pw%22@127.0.0.1:1025'],
    ['DATABASE_URL', '"postgres://castmatch:pw@127.0.0.1:5433/castmatch"'],
  ])('is refused once, also in %s: %j', (name, value) => {
    const jwt = name === 'JWT_AUDIENCE' ? { JWT_ISSUER: 'https://login.example.com' } : {};
    expect(problemsOf({ ...jwt, [name]: value }).map((problem) => problem.name)).toEqual([name]);
  });

  it('may contain quotes, and a list may have a line for each entry', () => {
    const { smtp } = loadConfiguration({
      ...local,
      SMTP_FROM: '"Casting, Night Ferry" <auditions@example.com>',
      MAIL_WEBHOOK_SECRET: 'new,\nold',
    });
    expect(smtp.webhookSecrets).toEqual(['new', 'old']);
  });

  it('may be in quotes when this service does not define it', () => {
    expect(problemsOf({ PS1: '"$ "', GREETING: 'a\nb' })).toEqual([]);
  });
});

describe('the address of the issuer’s keys', () => {
  const issuer = { JWT_ISSUER: 'https://login.example.com/o/castmatch/', JWT_AUDIENCE: 'castmatch' };
  it.each([
    'https://login.example.com/o/castmatch/jwks/',
    'https://login.example.com/discovery/keys?p=sign_in',
  ])('is called exactly as it is set: %s', (address) => {
    const { jwt } = loadConfiguration({ ...local, ...issuer, JWT_JWKS_URL: address });
    expect(jwt?.jwksUrl).toBe(address);
  });

  it('has one slash after an issuer that ends in one', () => {
    expect(loadConfiguration({ ...local, ...issuer }).jwt?.jwksUrl).toBe(
      'https://login.example.com/o/castmatch/.well-known/jwks.json',
    );
  });

  it.each(['https://user:pw@login.example.com/keys', 'https://login.example.com/keys#a', 'ftp://a.example'])(
    'is refused: %s',
    (address) => {
      expect(problemsOf({ ...issuer, JWT_JWKS_URL: address })).toMatchObject([{ name: 'JWT_JWKS_URL' }]);
    },
  );
});

describe('the settings of the operator commands', () => {
  it('are read without white space around them', () => {
    const api = { CASTMATCH_API_URL: ' http://127.0.0.1:3000/\n', CASTMATCH_API_KEY: 'key\r\n' };
    expect(readApiSettings(api)).toEqual({ url: 'http://127.0.0.1:3000', key: 'key' });
    expect(readDatabaseUrls({ DATABASE_URL: `${local.DATABASE_URL}\n`, KEY_DATABASE_URL: '' })).toMatchObject(
      {
        databaseUrl: local.DATABASE_URL,
      },
    );
    expect(readMessageLimits({ CASTMATCH_ENV: 'local\n', SMS_DAILY_BUDGET: '7\n' })).toMatchObject({
      sms: 7,
    });
  });

  it('reach the Temporal CLI without white space around them', () => {
    const env = {
      CASTMATCH_API_URL: ' http://127.0.0.1:3000/\n',
      CASTMATCH_API_KEY: 'key\r\n',
      OTHER: ' kept ',
    };
    expect(temporalCliEnvironment(env)).toMatchObject({
      TEMPORAL_CODEC_ENDPOINT: 'http://127.0.0.1:3000/codec',
      TEMPORAL_CODEC_AUTH: 'Bearer key',
      OTHER: ' kept ',
    });
  });

  it.each(['"key"', 'key\nother', 'key\u200b'])('are refused by name: %j', (key) => {
    const read = () =>
      readApiSettings({ CASTMATCH_API_URL: 'http://127.0.0.1:3000', CASTMATCH_API_KEY: key });
    expect(read).toThrow(UsageError);
    expect(read).toThrow('CASTMATCH_API_KEY');
  });
});
