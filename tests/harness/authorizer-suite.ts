/** A person who connects an account through an authorizer, and what is wanted of every authorizer alike. */
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { Grant } from '../../domain/connections/grant.ts';
import type { OAuthProvider } from '../../domain/providers/vendors.ts';
import type { Sandbox } from '../../infra/sandbox/sandbox.ts';
import type { OAuthAuthorizer } from '../../providers/oauth/authorizers.ts';
import { callContext } from './call-context.ts';
import { type ConsentDecision, callbackOf, createPkce, submitConsent } from './consent.ts';

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

/** Asked for `scopes`, they consent on the sandbox's page. */
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

/** `elsewhere`: a provider whose callback is not this one's. `again`: what is said of a code that comes again. */
export const testCodeRedemption = ({
  provider,
  setup,
  elsewhere,
  again = {},
}: Wanted & { readonly elsewhere: OAuthProvider; readonly again?: object }): void => {
  const faultOf = faultAt(provider);

  test('is taken once; coming again, it takes back what came of it', async () => {
    const { authorizer, consent } = await setup();
    const once = await consent();
    const { credential } = await authorizer.redeem(once, callContext());
    await expect(authorizer.redeem(once, callContext())).rejects.toMatchObject({
      ...faultOf('rejected_input'),
      ...again,
    });
    const refreshToken = credential.kind === 'oauth' ? credential.refreshToken : '';
    await expect(authorizer.refresh(refreshToken, callContext())).rejects.toMatchObject(faultOf('reconnect'));
  });

  test.each([
    ['another verifier', { codeVerifier: createPkce().verifier }, 'rejected_input'],
    ['an unknown code', { code: 'made-up' }, 'rejected_input'],
    ['another address', { redirectUri: callbackOf(elsewhere) }, 'misconfigured'],
  ])('is refused with %s', async (_what, change, kind) => {
    const { authorizer, consent } = await setup();
    const given = await consent();
    await expect(authorizer.redeem({ ...given, ...change }, callContext())).rejects.toMatchObject(
      faultOf(kind),
    );
  });
};

export const testRevocation = ({
  provider,
  setup,
}: Wanted & { readonly provider: 'google' | 'zoom' }): void => {
  const faultOf = faultAt(provider);

  test('takes the grant back, and does it again without complaint', async () => {
    const { authorizer, connect } = await setup();
    const { refreshToken } = await connect();
    expect(await authorizer.revoke(refreshToken, callContext())).toBe('revoked');
    expect(await authorizer.revoke(refreshToken, callContext())).toBe('revoked');
    await expect(authorizer.refresh(refreshToken, callContext())).rejects.toMatchObject(faultOf('reconnect'));
  });

  test('that the provider cannot answer is no revocation', async () => {
    const { sandbox, authorizer, connect } = await setup();
    const { refreshToken } = await connect();
    sandbox.control.setFault(provider, { kind: 'outage', operation: 'revoke' });
    await expect(authorizer.revoke(refreshToken, callContext())).rejects.toMatchObject(faultOf('outage'));
  });
};

export const testErrorsKeepSecrets = ({
  setup,
  clientSecret,
}: Pick<Wanted, 'setup'> & { readonly clientSecret: string }): void => {
  test('no error carries a token, a code or a secret along', async () => {
    const { authorizer, consent } = await setup();
    const given = { ...(await consent()), codeVerifier: createPkce().verifier };
    const error: unknown = await authorizer.redeem(given, callContext()).catch((refused: unknown) => refused);
    const shown = inspect(error, { depth: 20, showHidden: true });
    for (const secret of [given.code, given.codeVerifier, clientSecret]) {
      expect(shown).not.toContain(secret);
    }
  });
};
