/**
 * A process of its own that wants one connection's access token, as a worker does: with the real database, vault and
 * Google client. Says `ready`, begins when it is told to, and says how it ended. `TOKEN_STOP` has it stop for good
 * between the provider's answer and the statement that would store it.
 */
import { createDatabaseClient } from '../../db/client.ts';
import { createConnections } from '../../db/connections/repository.ts';
import { createVault } from '../../db/vault/envelope-encryption.ts';
import { ProviderError } from '../../domain/errors.ts';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import { createGoogleAuthorizer } from '../../providers/google/oauth.ts';
import { createAccessTokens } from '../../providers/oauth/access-tokens.ts';

const { TOKEN_DATABASE = '', TOKEN_MASTER_KEY = '', TOKEN_URL = '', TOKEN_STOP } = process.env;

const say = (message: object): void => {
  process.send?.(message);
};

const { db, close } = createDatabaseClient(TOKEN_DATABASE, { poolSize: 1, applicationName: 'caller' });
const wrapping = createKeyRing([{ id: 'test', key: Buffer.from(TOKEN_MASTER_KEY, 'base64') }]);
const connections = createConnections(db, createVault(db, wrapping));
const google = createGoogleAuthorizer({
  apiUrl: TOKEN_URL,
  oauthUrl: TOKEN_URL,
  authUrl: TOKEN_URL,
  clientId: 'client',
  clientSecret: 'secret',
});
const accessTokens = createAccessTokens({
  store: {
    ...connections,
    completeRefresh: async (...stored) => {
      if (TOKEN_STOP === undefined) return connections.completeRefresh(...stored);
      say({ kind: 'answered' });
      return new Promise(() => {});
    },
  },
  authorizers: { google, microsoft: undefined, zoom: undefined },
});

const requestToken = async (): Promise<void> => {
  const connection = await connections.get('org_1', 'conn_1');
  if (!connection) throw new Error('there is no such connection');
  const call = { signal: AbortSignal.timeout(60_000), correlationId: `process ${process.pid}` };
  try {
    say({ kind: 'token', token: await accessTokens.forConnection(connection, 'test').accessToken(call) });
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    say({ kind: 'fault', fault: error.fault.kind, code: error.vendor.code });
  }
  await close();
  process.disconnect();
};
process.once('message', () => void requestToken());

await connections.get('org_1', 'conn_1');
say({ kind: 'ready' });
