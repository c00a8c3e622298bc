/** Defines a call to each of three vendors, once with the vendor's client alone and once on our call path. */
import { google } from 'googleapis';
import twilio from 'twilio';
import type RequestClient from 'twilio/lib/base/RequestClient.js';
import { Agent, request } from 'undici';
import { z } from 'zod';
import type { Vendor } from '../../../infra/sandbox/vendors.ts';
import { createAccessTokens } from '../../../providers/oauth/access-tokens.ts';
import { connectedAccountOf } from '../../../providers/oauth/connected-account.ts';
import { createProviders } from '../../../providers/registry.ts';
import { withResilience } from '../../../providers/resilience/resilient-providers.ts';
import { createMetrics } from '../../../workers/metrics.ts';
import { organization, type ServiceUnderTest } from '../../harness/service.ts';

export interface ComparedCall {
  readonly name: string;
  readonly vendor: Vendor;
  /** How many database statements our call path executes. */
  readonly statements: string;
  readonly bare: () => Promise<unknown>;
  readonly path: () => Promise<unknown>;
}

const slot = {
  start: '2027-03-01T09:00:00.000Z',
  end: '2027-03-01T10:00:00.000Z',
  zone: 'Europe/Paris',
} as const;
const phone = '+33612345678';

/** Raises the vendor limits that the benchmark would exceed. The other limits are those of production. */
const limits = { 'zoom.meeting_writes_per_day': 1_000_000, 'google.requests_per_minute': 1_000_000 };

const call = () => ({ signal: AbortSignal.timeout(8_000), correlationId: 'bench', organization });

export const openComparedCalls = async (
  service: ServiceUnderTest,
): Promise<{ readonly subjects: readonly ComparedCall[]; close: () => Promise<void> }> => {
  const { configuration, database, sandbox } = service;
  const { repositories } = database;
  const registry = createProviders(configuration);
  const silent = { warn: () => {}, info: () => {} };
  const providers = withResilience(registry, {
    quotaBook: repositories.quotas,
    healthStore: repositories.providerHealth,
    limits,
    accounts: registry.sharedAccounts,
    metrics: createMetrics(),
    logger: silent,
    process: 'bench',
  });

  const connection = await repositories.connections.get(organization, 'conn_office');
  if (!connection) throw new Error('connection conn_office not found; startService must store it');
  const accessTokens = createAccessTokens({
    store: repositories.connections,
    authorizers: registry.authorizers.oauth,
  });
  const opened = connectedAccountOf(connection, accessTokens, 'bench');
  const token = await opened.accessToken(call());
  const library = google.calendar({ version: 'v3', rootUrl: `${sandbox.url}/` });

  const dispatcher = new Agent({ connections: 16 });
  const zoomToken = await tokenOfZoom(service);
  const { accountSid, authToken, messagingServiceSid } = configuration.twilio;
  const messages = twilio(accountSid, authToken, { httpClient: redirectedTo(sandbox.url) }).messages;
  let references = 0;
  const next = () => {
    references += 1;
    return `BENCH${references}`;
  };

  return {
    subjects: [
      {
        name: 'Google: free/busy',
        vendor: 'google',
        statements: '1 per 20 calls',
        bare: () =>
          library.freebusy.query(
            { requestBody: { timeMin: slot.start, timeMax: slot.end, items: [{ id: 'primary' }] } },
            { retry: false, headers: { authorization: `Bearer ${token}` } },
          ),
        path: () =>
          providers.calendars.google.freeBusy(
            opened,
            ['primary'],
            { from: slot.start, until: slot.end },
            call(),
          ),
      },
      {
        name: 'Zoom: create a meeting',
        vendor: 'zoom',
        statements: '1 per call',
        bare: async () => {
          const { body } = await request(`${sandbox.url}/v2/users/me/meetings`, {
            dispatcher,
            method: 'POST',
            headers: { authorization: `Bearer ${zoomToken}`, 'content-type': 'application/json' },
            body: JSON.stringify({
              type: 2,
              topic: 'Bench',
              agenda: next(),
              start_time: slot.start,
              duration: 60,
            }),
          });
          return body.json();
        },
        path: () =>
          providers.meetings.zoom.create(
            { kind: 'service', user: 'me' },
            { reference: next(), topic: 'Bench', slot, settings: {} },
            call(),
          ),
      },
      {
        name: 'Twilio: send a message',
        vendor: 'twilio',
        statements: 'none',
        bare: () => messages.create({ to: phone, body: next(), messagingServiceSid }),
        path: () =>
          providers.textMessages.send({ to: phone, body: next(), reference: `BENCH${references}` }, call()),
      },
    ],
    close: async () => {
      await dispatcher.close();
      await registry.close();
    },
  };
};

const tokenOfZoom = async ({ configuration: { zoom } }: ServiceUnderTest): Promise<string> => {
  const answer = await fetch(`${zoom.oauthUrl}/oauth/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${zoom.clientId}:${zoom.clientSecret}`).toString('base64')}`,
    },
    body: new URLSearchParams({ grant_type: 'account_credentials', account_id: zoom.accountId }),
  });
  return z.object({ access_token: z.string() }).parse(await answer.json()).access_token;
};

/** Redirects the library to another address; it has no option for that. */
const redirectedTo = (origin: string): RequestClient => {
  const client = new twilio.RequestClient({ timeout: 8_000 });
  const send = client.request.bind(client);
  client.request = (options) => {
    const { pathname, search } = new URL(options.uri);
    return send({ ...options, uri: `${origin}${pathname}${search}` });
  };
  return client;
};
