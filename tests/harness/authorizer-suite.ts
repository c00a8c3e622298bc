/** Contains the tests that every authorizer must pass, and a simulated user who connects an account. */
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { Grant } from '../../domain/connections/grant.ts';
import type { OAuthProvider } from '../../domain/providers/vendors.ts';
import type { Sandbox } from '../../infra/sandbox/sandbox.ts';
import type { OAuthAuthorizer } from '../../providers/oauth/authorizers.ts';
import { callContext } from './call-context.ts';
import { type ConsentDecision, callbackOf, createPkce, submitConsent } from './consent.ts';

/** Returns the part of a provider error that tests compare. */
export const faultAt = (provider: OAuthProvider) => (kind: string) => ({
  name: 'ProviderError',
  provider,
  fault: { kind },
});

type AuthorizationResponse = Parameters<OAuthAuthorizer['redeem']>[0];

export interface ConsentingUser {
  readonly consent: (decision?: ConsentDecision) => Promise<AuthorizationResponse>;
  readonly connect: (
    decision?: ConsentDecision,
  ) => Promise<{ readonly grant: Grant; readonly refreshToken: string }>;
}

/** Simulates a user who is asked for `scopes` and decides on the sandbox's consent page. */
export const consentingUserAt = (
  authorizer: OAuthAuthorizer,
  scopes: readonly string[] = authorizer.scopes.required,
): ConsentingUser => {
  const redirectUri = callbackOf(authorizer.provider);
  const consent: ConsentingUser['consent'] = async (decision) => {
    const { verifier, challenge } = createPkce();
    const request = { state: 'state-1', codeChallenge: challenge, redirectUri, scopes };
    const { back } = await submitConsent(await authorizer.authorizationUrl(request), decision);
    expect(back['state']).toBe('state-1');
    return { code: back['code'] ?? '', codeVerifier: verifier, redirectUri };
  };
  return {
    consent,
    connect: async (decision) => {
      const grant = await authorizer.redeem(await consent(decision), callContext());
      if (grant.credential.kind !== 'oauth') throw new Error('no refresh token');
      return { grant, refreshToken: grant.credential.refreshToken };
    },
  };
};

interface Connecting extends ConsentingUser {
  readonly sandbox: Sandbox;
  readonly authorizer: OAuthAuthorizer;
}

interface Wanted {
  readonly provider: OAuthProvider;
  readonly setup: () => Promise<Connecting>;
}

/**
 * Defines the tests of redeeming an authorization code.
 * `otherProvider` has another callback URL; `reuseError` is what the error of a reused code must contain.
 */
export const testCodeRedemption = ({
  provider,
  setup,
  otherProvider,
  reuseError = {},
}: Wanted & { readonly otherProvider: OAuthProvider; readonly reuseError?: object }): void => {
  const faultOf = faultAt(provider);

  test('an authorization code is accepted once, and reusing it revokes the tokens it produced', async () => {
    const { authorizer, consent } = await setup();
    const response = await consent();
    const { credential } = await authorizer.redeem(response, callContext());
    await expect(authorizer.redeem(response, callContext())).rejects.toMatchObject({
      ...faultOf('rejected_input'),
      ...reuseError,
    });
    const refreshToken = credential.kind === 'oauth' ? credential.refreshToken : '';
    await expect(authorizer.refresh(refreshToken, callContext())).rejects.toMatchObject(faultOf('reconnect'));
  });

  test.each([
    ['another verifier', { codeVerifier: createPkce().verifier }, 'rejected_input'],
    ['an unknown code', { code: 'made-up' }, 'rejected_input'],
    ['another redirect URI', { redirectUri: callbackOf(otherProvider) }, 'misconfigured'],
  ])('an authorization code is rejected with %s', async (_what, change, kind) => {
    const { authorizer, consent } = await setup();
    const given = await consent();
    await expect(authorizer.redeem({ ...given, ...change }, callContext())).rejects.toMatchObject(
      faultOf(kind),
    );
  });
};

/** Defines the tests of revoking a grant. */
export const testRevocation = ({
  provider,
  setup,
}: Wanted & { readonly provider: 'google' | 'zoom' }): void => {
  const faultOf = faultAt(provider);

  test('revoking revokes the grant, and can be repeated', async () => {
    const { authorizer, connect } = await setup();
    const { refreshToken } = await connect();
    expect(await authorizer.revoke(refreshToken, callContext())).toBe('revoked');
    expect(await authorizer.revoke(refreshToken, callContext())).toBe('revoked');
    await expect(authorizer.refresh(refreshToken, callContext())).rejects.toMatchObject(faultOf('reconnect'));
  });

  test('revoking fails when the provider does not answer', async () => {
    const { sandbox, authorizer, connect } = await setup();
    const { refreshToken } = await connect();
    sandbox.control.setFault(provider, { kind: 'outage', operation: 'revoke' });
    await expect(authorizer.revoke(refreshToken, callContext())).rejects.toMatchObject(faultOf('outage'));
  });
};

/** Defines the test that errors contain no secrets. */
export const testErrorsKeepSecrets = ({
  setup,
  clientSecret,
}: Pick<Wanted, 'setup'> & { readonly clientSecret: string }): void => {
  test('no error contains a token, a code or a secret', async () => {
    const { authorizer, consent } = await setup();
    const given = { ...(await consent()), codeVerifier: createPkce().verifier };
    const error: unknown = await authorizer.redeem(given, callContext()).catch((refused: unknown) => refused);
    const shown = inspect(error, { depth: 20, showHidden: true });
    for (const secret of [given.code, given.codeVerifier, clientSecret]) {
      expect(shown).not.toContain(secret);
    }
  });
};
