/** Measures how fast webhooks are received (verified, encrypted and stored), compared with a route that does one insert. */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import twilio from 'twilio';
import { Pool as HttpPool } from 'undici';
import { eventually } from '../../harness/eventually.ts';
import { findFreePort } from '../../harness/free-port.ts';
import { localDefaults } from '../../harness/local-defaults.ts';
import { databaseUrl, execute } from '../../harness/postgres-server.ts';
import type { ServiceUnderTest } from '../../harness/service.ts';
import { compareRounds, type Round, ratePerSecond, type Spread } from '../statistics.ts';

export interface IntakeFigures {
  readonly inFlight: number;
  readonly target: number;
  readonly isMet: boolean;
  /** Requests per second. */
  readonly intake: Spread;
  readonly bare: Spread;
  /** The ratio of the two rates of each round, which are measured one after the other. */
  readonly ratio: Spread;
}

/** The target of the issue that requested the measurement. */
const target = 0.7;
const inFlight = 50;
const perRound = 5_000;
/** The servers alternate after this many webhooks, so that other load on the machine slows both alike. */
const batchSize = 500;
/** V8 compiles the code while it runs: the first ten thousand requests take twice as long as later ones. */
const warmUpRounds = 3;
const publicUrl = 'https://auditions.example.com';

const apiProgram = fileURLToPath(new URL('../../../api/main.ts', import.meta.url));
const bareProgram = fileURLToPath(new URL('./bare-route.ts', import.meta.url));

export const describeIntake = (rounds: number): string =>
  `
Intake: a status callback from Twilio to the API, which runs as a separate process as in production (log level info, its
log discarded). It verifies the signature, encrypts and stores the event, and answers. Bare: a Fastify route in a separate
process that reads the same form and does one insert, with as many database connections and no log. No webhook is sent
twice. They alternate after ${batchSize} webhooks: ${rounds} rounds of ${perRound} each, ${inFlight} in flight, after ${warmUpRounds} warm-up rounds.`.trim();

export const measureIntake = async (service: ServiceUnderTest, rounds: number): Promise<IntakeFigures> => {
  const name = `castmatch_intake_${randomBytes(6).toString('hex')}`;
  await execute(service.database.url, `CREATE DATABASE ${name}`);
  const env = { DATABASE_URL: databaseUrl(service.database.url, name) };
  const api = await startServer(apiProgram, {
    ...env,
    CASTMATCH_ENV: 'test',
    TEMPORAL_ADDRESS: service.configuration.temporal.address,
    PUBLIC_URL: publicUrl,
  });
  const bare = await startServer(bareProgram, env);
  try {
    const round = async (): Promise<Round> => {
      let [realMs, aloneMs] = [0, 0];
      for (let sent = 0; sent < perRound; sent += batchSize) {
        const webhooks = Array.from({ length: batchSize }, newWebhook);
        realMs += await millisecondsOf(api.url, webhooks);
        aloneMs += await millisecondsOf(
          bare.url,
          webhooks.map((webhook) => ({ ...webhook, path: '/webhook' })),
        );
      }
      const [real, alone] = [(perRound * 1_000) / realMs, (perRound * 1_000) / aloneMs];
      return { real, alone, ratio: real / alone };
    };
    for (let n = 0; n < warmUpRounds; n += 1) await round();
    const measured: Round[] = [];
    for (let n = 0; n < rounds; n += 1) measured.push(await round());
    return summaryOf(measured);
  } finally {
    await Promise.all([api.stop(), bare.stop()]);
    await execute(service.database.url, `DROP DATABASE ${name} WITH (FORCE)`);
  }
};

const summaryOf = (rounds: readonly Round[]): IntakeFigures => {
  const { real: intake, ...compared } = compareRounds(rounds, target);
  return { inFlight, intake, ...compared };
};

interface PreparedWebhook {
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Signs a new webhook in advance, so that signing is not part of the measurement. */
const newWebhook = (): PreparedWebhook => {
  const form = {
    AccountSid: localDefaults.TWILIO_ACCOUNT_SID,
    ApiVersion: '2010-04-01',
    From: '+15005550006',
    MessageSid: `SM${randomBytes(16).toString('hex')}`,
    MessageStatus: 'delivered',
    SmsSid: 'SM00000000000000000000000000000000',
    SmsStatus: 'delivered',
    To: '+33612345678',
  };
  const key = 'audition/aud_0123456789abcdef:invitation:performer-1:sms:r1';
  const query = new URLSearchParams({ audition: 'aud_0123456789abcdef', participant: 'performer-1', key });
  const path = `/v1/webhooks/twilio?${query.toString()}`;
  const { TWILIO_AUTH_TOKEN: token } = localDefaults;
  return {
    path,
    body: new URLSearchParams(form).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': twilio.getExpectedTwilioSignature(token, `${publicUrl}${path}`, form),
    },
  };
};

const millisecondsOf = async (url: string, webhooks: readonly PreparedWebhook[]): Promise<number> => {
  const pool = new HttpPool(url, { connections: inFlight });
  const left = [...webhooks];
  try {
    const perSecond = await ratePerSecond({ count: webhooks.length, inFlight }, async () => {
      const next = left.pop();
      if (!next) return;
      const { statusCode, body } = await pool.request({ ...next, method: 'POST' });
      await body.dump();
      if (statusCode !== 204) throw new Error(`a webhook was answered with ${statusCode}`);
    });
    return (webhooks.length * 1_000) / perSecond;
  } finally {
    await pool.close();
  }
};

const startServer = async (program: string, env: NodeJS.ProcessEnv) => {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const child = execa(process.execPath, [program], {
    env: { ...env, PORT: String(port) },
    stdout: 'ignore',
    reject: false,
  });
  const isReady = () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await eventually(isReady, 60_000);
  return {
    url,
    stop: async () => {
      child.kill('SIGKILL');
      await child;
    },
  };
};
