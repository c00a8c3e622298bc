/**
 * Connects accounts over real HTTP, and collects every secret that was used. For tests that search the system for
 * leaked secrets afterwards.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { sha256 } from '../../db/digest.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { ConnectionProvider, OAuthProvider } from '../../domain/providers/vendors.ts';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import type { ApiClient } from './api-client.ts';
import { submitConsent } from './consent.ts';
import { startFeedServer } from './feed-server.ts';
import { createHttpBrowser } from './form-browser.ts';
import type { Secret } from './leaks.ts';
import { keys, organization, type ServiceUnderTest } from './service.ts';

const owner = 'person-1';
/** Each provider has its own account name, so that a leaked name shows its origin. */
export const connectedAccounts = {
  google: 'marguerite.quill@accounts.example',
  microsoft: 'quill.marguerite@accounts.example',
  zoom: 'm.quill@accounts.example',
  apple: 'mquill@accounts.example',
  ics: 'quill.m@accounts.example',
} as const satisfies Readonly<Record<ConnectionProvider, string>>;

/** The app password that the sandbox accepts for every account, and one that it rejects. */
const applePassword = 'sand-boxx-appl-pass';
const wrongPassword = 'wron-gapp-pass-word';

const textMatching = (pattern: RegExp, html: string): string => {
  const [, text] = pattern.exec(html) ?? [];
  if (text === undefined) throw new Error(`the page does not match ${pattern}`);
  return text.replaceAll('&amp;', '&');
};

const linkSchema = z.object({ url: z.string() });

/** Opens the page on which one person connects accounts. `used` collects the secrets used there. */
export const openAccountsPage = async (service: ServiceUnderTest, platform: ApiClient) => {
  const { body } = await platform.get(`/v1/connections/page?owner=${owner}`);
  const { url } = linkSchema.parse(body);
  const browser = createHttpBrowser(service.url);
  const page = await browser.open(url);
  const used: Secret[] = [{ what: 'the link to the page', text: url.split('/').at(-1) ?? '' }];
  const form = textMatching(/name="form" value="([^"]+)"/, page.text);
  used.push({ what: 'the token of a form', text: form });

  const verifierOf = async (state: string): Promise<string> => {
    const { rows } = await service.database.pool.query(
      'SELECT sealed_verifier AS sealed FROM authorization_requests WHERE state_hash = $1',
      [sha256(state)],
    );
    const { sealed } = z.object({ sealed: z.string() }).parse(rows[0]);
    const { vault } = service.database.repositories;
    return vault.open('authorizations', sealed, `authorization_requests ${sha256(state)}`);
  };

  return {
    used,
    /** Runs the OAuth flow of this provider. Returns the status of our callback page. */
    connect: async (provider: OAuthProvider): Promise<number> => {
      const { redirectsTo: consent = '' } = await browser.submit(page, {
        to: '/connect',
        having: { provider, connection: '' },
      });
      const { location = '', back } = await submitConsent(consent, { account: connectedAccounts[provider] });
      const { state = '', code = '' } = back;
      used.push(
        { what: `the state for ${provider}`, text: state },
        { what: `the code of ${provider}`, text: code },
        { what: `the verifier for ${provider}`, text: await verifierOf(state) },
        ...[...browser.cookies].map(([name, text]) => ({ what: `the cookie ${name}`, text })),
      );
      return (await browser.open(location)).status;
    },
    /** Connects an Apple account, first with a wrong password. Returns the status of both attempts. */
    connectApple: async (): Promise<readonly number[]> => {
      const statuses: number[] = [];
      for (const password of [wrongPassword, applePassword]) {
        used.push({ what: 'a password for Apple', text: password });
        const filled = { username: connectedAccounts.apple, password };
        statuses.push(
          (await browser.submit(page, { to: '/apple', having: { connection: '' } }, filled)).status,
        );
      }
      return statuses;
    },
    /** Connects a calendar by its secret address. */
    connectFeed: async (): Promise<number> => {
      const feed = await startFeedServer(connectedAccounts.ics);
      used.push({ what: 'the address of a feed', text: feed.secret });
      try {
        const filled = { address: feed.address };
        return (await browser.submit(page, { to: '/feed', having: { connection: '' } }, filled)).status;
      } finally {
        feed.close();
      }
    },
    disconnect: async (connection: ConnectionId): Promise<number> =>
      (await browser.submit(await browser.open(url), { to: '/disconnect', having: { connection } })).status,
  };
};

/** Returns the stored refresh and access tokens of the connected accounts. */
export const storedCredentials = async ({ database }: ServiceUnderTest): Promise<readonly Secret[]> => {
  const { connections } = database.repositories;
  const use = { purpose: 'test', correlationId: 'test' };
  const secrets: Secret[] = [];
  for (const { id, provider } of await connections.list(organization)) {
    const credential = await connections.openCredential(organization, id, use);
    if (credential?.kind === 'oauth') {
      secrets.push({ what: `the refresh token of ${provider}`, text: credential.refreshToken });
    }
    const stored = await connections.readAccessToken(organization, id, 0, use);
    if (stored.kind === 'connected' && stored.token !== undefined) {
      secrets.push({ what: `the access token of ${provider}`, text: stored.token });
    }
  }
  return secrets;
};

const keyRowsSchema = z.array(z.object({ id: z.string(), master_key_id: z.string(), wrapped: z.string() }));

/** Returns every data key in its usual encodings. */
export const dataKeys = async ({ database, configuration }: ServiceUnderTest): Promise<readonly Secret[]> => {
  const ring = createKeyRing(configuration.masterKeys);
  const { rows } = await database.keys.pool.query('SELECT id, master_key_id, wrapped FROM data_keys');
  const opened = await Promise.all(
    keyRowsSchema.parse(rows).map(async ({ id, master_key_id, wrapped }) => ({
      id,
      key: Buffer.from(await ring.unwrap(master_key_id, wrapped, `data key of ${id}`)),
    })),
  );
  return opened.flatMap(({ id, key }) =>
    (['base64', 'base64url', 'hex'] as const).map((as) => ({
      what: `the data key of ${id} in ${as}`,
      text: key.toString(as).replace(/=+$/, ''),
    })),
  );
};

const endpointSchema = z.object({ id: z.string(), secret: z.string() });

/** Creates a webhook endpoint, sends it a test event, rotates its secret, and sends another. Returns both secrets. */
export const rotateEndpointSecret = async (platform: ApiClient): Promise<readonly Secret[]> => {
  const signatures: string[] = [];
  const receiver = createServer((request, response) => {
    signatures.push(String(request.headers['webhook-signature']));
    void text(request).then(() => response.writeHead(204).end());
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  try {
    const { port } = z.object({ port: z.number() }).parse(receiver.address());
    const asAdmin = { key: keys.stranger };
    const made = endpointSchema.parse(
      (await platform.post('/v1/webhook-endpoints', { url: `http://127.0.0.1:${port}/` }, asAdmin)).body,
    );
    const at = `/v1/webhook-endpoints/${made.id}`;
    await platform.post(`${at}/test`, {}, asAdmin);
    const rotated = endpointSchema.parse((await platform.post(`${at}/rotate-secret`, {}, asAdmin)).body);
    await platform.post(`${at}/test`, {}, asAdmin);
    if (signatures.length < 2) throw new Error('the endpoint did not receive both test events');
    return [made.secret, rotated.secret].map((secret) => ({
      what: "an endpoint's secret",
      text: secret.replace('whsec_', ''),
    }));
  } finally {
    receiver.close();
  }
};
