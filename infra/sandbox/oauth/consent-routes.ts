/**
 * Serves the authorization endpoint (RFC 6749, section 3.1): a page on which a person selects an account and
 * the scopes. The form is posted to the page's own address, which carries the authorization request.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AuthorizationServer } from './authorization-server.ts';
import { consentHeaders, renderConsent, renderConsentError } from './consent-page.ts';
import { originOf } from './id-token.ts';

const text = z.string().optional().catch(undefined);
const requestSchema = z.object({
  response_type: text,
  client_id: text,
  redirect_uri: text,
  scope: text,
  state: text,
  nonce: text,
  login_hint: text,
  prompt: text,
  access_type: text,
  include_granted_scopes: text,
  code_challenge: text,
  code_challenge_method: text,
});
type AuthorizationQuery = z.infer<typeof requestSchema>;

const decisionSchema = z.object({
  decision: z.enum(['allow', 'deny']),
  account: z.string().trim().default(''),
  scope: z.union([z.string().transform((name) => [name]), z.array(z.string())]).default([]),
});

export interface ConsentParts {
  readonly vendor: string;
  /** The display name of the vendor. */
  readonly name: string;
  readonly path: string;
  readonly clientId: string;
  readonly server: Pick<AuthorizationServer, 'codes' | 'redirects'>;
  readonly changed: () => void;
  /** The vendor's errors for an unknown client and for an unregistered redirect address. */
  readonly errors: {
    readonly client: { readonly status: 400 | 401; readonly error: string };
    readonly address: { readonly status: 400 | 401; readonly error: string };
  };
  /** The scopes that the page shows. */
  scopesOf(query: AuthorizationQuery): readonly string[];
  about(scope: string): string;
  /** Returns whether the scope is part of every consent and cannot be deselected. */
  isFixed(scope: string): boolean;
  accounts(): readonly string[];
  /** Returns the granted scopes for the scopes that a person selected. */
  granted(account: string, ticked: readonly string[], query: AuthorizationQuery): readonly string[];
  /** Returns whether a refresh token is issued. */
  isOffline(account: string, granted: readonly string[], query: AuthorizationQuery): boolean;
  /** Returns the parameters that are sent in addition to `code` and `state`. */
  withCode(granted: readonly string[], origin: string): Readonly<Record<string, string>>;
  /** The parameters that are sent in addition to `error=access_denied` and `state`. */
  readonly denied: Readonly<Record<string, string>>;
}

interface AuthorizationRequest {
  readonly query: AuthorizationQuery;
  readonly clientId: string;
  readonly redirectUri: string;
}

const redirectBack = (
  reply: FastifyReply,
  { redirectUri, query }: AuthorizationRequest,
  parameters: Record<string, string>,
) => {
  const url = new URL(redirectUri);
  for (const [key, value] of Object.entries(parameters)) url.searchParams.set(key, value);
  if (query.state !== undefined) url.searchParams.set('state', query.state);
  return reply.header('cache-control', 'no-store').redirect(url.href, 303);
};

/** Returns the error to send to the app, or undefined for a valid request. */
const errorOf = (
  query: AuthorizationQuery,
  scopes: readonly string[],
): Record<string, string> | undefined => {
  if (query.response_type !== 'code') {
    return { error: 'unsupported_response_type', error_description: 'response_type must be "code"' };
  }
  if (query.code_challenge_method !== undefined && query.code_challenge === undefined) {
    return { error: 'invalid_request', error_description: 'code_challenge is missing' };
  }
  if (!['S256', 'plain', undefined].includes(query.code_challenge_method)) {
    return { error: 'invalid_request', error_description: 'unknown code_challenge_method' };
  }
  return scopes.length === 0 ? { error: 'invalid_scope', error_description: 'scope is missing' } : undefined;
};

/** Registers the consent page of one vendor. */
export const consentRoutes = (app: FastifyInstance, parts: ConsentParts) => {
  const { vendor, name, path } = parts;
  const { codes, redirects } = parts.server;

  /** Shows an error page. A person must not be redirected to an unregistered address (section 4.1.2.1). */
  const refuse = (
    reply: FastifyReply,
    { status, error }: { status: number; error: string },
    message: string,
  ) => reply.code(status).headers(consentHeaders).send(renderConsentError({ vendor, name, error, message }));

  const answer = (
    request: FastifyRequest,
    reply: FastifyReply,
    respond: (authorization: AuthorizationRequest) => FastifyReply,
  ): FastifyReply => {
    const query = requestSchema.parse(request.query);
    const { client_id: clientId, redirect_uri: redirectUri } = query;
    if (clientId !== parts.clientId) {
      return refuse(reply, parts.errors.client, 'The client id is not registered.');
    }
    if (redirectUri === undefined || !redirects.allows(redirectUri)) {
      return refuse(reply, parts.errors.address, 'The redirect address is not registered for this client.');
    }
    const authorization = { query, clientId, redirectUri };
    const error = errorOf(query, parts.scopesOf(query));
    return error ? redirectBack(reply, authorization, error) : respond(authorization);
  };

  app.get(path, { config: { operation: 'authorize' } }, async (request, reply) =>
    answer(request, reply, ({ query, redirectUri }) => {
      const scopes = parts.scopesOf(query).map((scope) => ({
        scope,
        about: parts.about(scope),
        fixed: parts.isFixed(scope),
      }));
      const accounts = parts.accounts();
      const account = query.login_hint ?? '';
      const page = renderConsent({
        vendor,
        name,
        accounts,
        account,
        scopes,
        backTo: new URL(redirectUri).host,
      });
      return reply.headers(consentHeaders).send(page);
    }),
  );

  app.post(path, { config: { operation: 'consent' } }, async (request, reply) =>
    answer(request, reply, (authorization) => {
      const { query, clientId, redirectUri } = authorization;
      const { decision, account, scope } = decisionSchema.parse(request.body ?? {});
      if (decision === 'deny')
        return redirectBack(reply, authorization, { error: 'access_denied', ...parts.denied });
      if (account === '')
        return refuse(reply, { status: 400, error: 'invalid_request' }, 'Enter an account.');
      const ticked = parts.scopesOf(query).filter((name) => parts.isFixed(name) || scope.includes(name));
      const granted = parts.granted(account, ticked, query);
      const { code_challenge: codeChallenge, nonce } = query;
      const code = codes.issue({
        account,
        clientId,
        redirectUri,
        scopes: [...granted],
        ...(codeChallenge === undefined
          ? {}
          : {
              codeChallenge,
              codeChallengeMethod: query.code_challenge_method === 'S256' ? 'S256' : 'plain',
            }),
        ...(nonce === undefined ? {} : { nonce }),
        offline: parts.isOffline(account, granted, query),
      });
      parts.changed();
      return redirectBack(reply, authorization, { code, ...parts.withCode(granted, originOf(request)) });
    }),
  );
};
