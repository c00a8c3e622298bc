/**
 * Requests the access token of one connection, as a worker does: with the real database, vault and Google client. The
 * process sends `ready`, starts when it receives a message, and sends the result. With `TOKEN_STOP` set, it hangs
 * between the provider's response and the statement that would store it.
 */
import { createDatabaseClient } from '../../db/client.ts';
import { createAccountReferences } from '../../db/connections/account-references.ts';
import { createConnections } from '../../db/connections/repository.ts';
import { createVault } from '../../db/vault/envelope-encryption.ts';
import { ProviderError } from '../../domain/errors.ts';
import { keyDatabaseUrlOf } from '../../foundation/configuration/key-database-url.ts';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import { createGoogleAuthorizer } from '../../providers/google/oauth.ts';
import { createAccessTokens } from '../../providers/oauth/access-tokens.ts';

const { TOKEN_DATABASE = '', TOKEN_MASTER_KEY = '', TOKEN_URL = '', TOKEN_STOP } = process.env;

const send = (message: object): void => {
  process.send?.(message);
};

const { db, close } = createDatabaseClient(TOKEN_DATABASE, { poolSize: 1, applicationName: 'caller' });
const keys = createDatabaseClient(keyDatabaseUrlOf(TOKEN_DATABASE), {
  poolSize: 1,
  applicationName: 'caller',
});
const wrapping = createKeyRing([{ id: 'test', key: Buffer.from(TOKEN_MASTER_KEY, 'base64') }]);
const connections = createConnections(db, createVault(keys.db, wrapping), createAccountReferences(wrapping));
const google = createGoogleAuthorizer({
  apiUrl: TOKEN_URL,
  adminUrl: TOKEN_URL,
  meetUrl: TOKEN_URL,
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
      send({ kind: 'answered' });
      return new Promise(() => {});
    },
  },
  authorizers: { google, microsoft: undefined, zoom: undefined },
});

const requestToken = async (): Promise<void> => {
  const connection = await connections.get('org_1', 'conn_1');
  if (!connection) throw new Error('connection conn_1 not found; the test must store it first');
  const call = { signal: AbortSignal.timeout(60_000), correlationId: `process ${process.pid}` };
  try {
    send({ kind: 'token', token: await accessTokens.forConnection(connection, 'test').accessToken(call) });
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    send({ kind: 'fault', fault: error.fault.kind, code: error.vendor.code });
  }
  await Promise.all([close(), keys.close()]);
  process.disconnect();
};
process.once('message', () => void requestToken());

await connections.get('org_1', 'conn_1');
send({ kind: 'ready' });
