/**
 * Connects a Microsoft account against an independent emulator (npm `emulate`), including the clicks of the user. The
 * paths of the emulator differ from Microsoft's; discovery finds them.
 */
import { createEmulator } from 'emulate';
import { expect, onTestFinished, test } from 'vitest';
import { createMicrosoftAuthorizer } from '../../providers/microsoft/oauth.ts';
import { callContext } from '../harness/call-context.ts';
import { callbackOf, createPkce } from '../harness/consent.ts';
import { findFreePort } from '../harness/free-port.ts';
import { signInAs } from './sign-in.ts';

const redirectUri = callbackOf('microsoft');

const setup = async () => {
  const emulator = await createEmulator({
    service: 'microsoft',
    port: await findFreePort(),
    seed: {
      microsoft: {
        users: [{ email: 'performer@example.com', name: 'Performer' }],
        oauth_clients: [
          {
            client_id: 'a-client',
            client_secret: 'its-secret',
            name: 'CastMatch',
            redirect_uris: [redirectUri],
          },
        ],
      },
    },
  });
  onTestFinished(() => emulator.close());
  const authorizer = createMicrosoftAuthorizer({
    graphUrl: emulator.url,
    loginUrl: emulator.url,
    clientId: 'a-client',
    clientSecret: 'its-secret',
    tenantId: 'common',
  });
  const { verifier: codeVerifier, challenge: codeChallenge } = createPkce();
  const consent = async () => {
    const page = await authorizer.authorizationUrl({
      state: 'a-state',
      codeChallenge,
      redirectUri,
      scopes: authorizer.scopes.required,
    });
    return signInAs('performer@example.com', page);
  };
  return { authorizer, codeVerifier, consent };
};

test('a Microsoft account can be connected and refreshed', async () => {
  const { authorizer, codeVerifier, consent } = await setup();
  const answer = await consent();
  expect(answer.get('state')).toBe('a-state');
  const grant = await authorizer.redeem(
    { code: answer.get('code') ?? '', codeVerifier, redirectUri },
    callContext(),
  );
  expect(grant.account).toMatchObject({ name: 'performer@example.com' });
  if (grant.credential.kind !== 'oauth') throw new Error('no refresh token');

  const renewed = await authorizer.refresh(grant.credential.refreshToken, callContext());
  expect(renewed.accessToken.value).not.toBe('');
  expect(Date.parse(renewed.accessToken.expiresAt)).toBeGreaterThan(Date.now());
});

test('an unknown refresh token requires reauthorization', async () => {
  const { authorizer } = await setup();
  await expect(authorizer.refresh('made-up', callContext())).rejects.toMatchObject({
    fault: { kind: 'reconnect' },
  });
});

test('an authorization code is accepted once, and only with its verifier', async () => {
  const { authorizer, codeVerifier, consent } = await setup();
  const redeem = (code: string, verifier: string) =>
    authorizer.redeem({ code, codeVerifier: verifier, redirectUri }, callContext());
  const refused = { fault: { kind: 'rejected_input' } };
  const stolen = (await consent()).get('code') ?? '';
  await expect(redeem(stolen, createPkce().verifier)).rejects.toMatchObject(refused);

  const code = (await consent()).get('code') ?? '';
  await redeem(code, codeVerifier);
  await expect(redeem(code, codeVerifier)).rejects.toMatchObject(refused);
});
