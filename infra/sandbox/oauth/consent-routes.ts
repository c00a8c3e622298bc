/**
 * The authorization endpoint (RFC 6749, section 3.1): a page on which a person chooses an account and what the app may
 * do. The form is sent to the page's own address, so that the request it answers stays in view.
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
  scope: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
});

export interface ConsentParts {
  readonly vendor: string;
  /** As people know it. */
  readonly name: string;
  readonly path: string;
  readonly clientId: string;
  readonly server: Pick<AuthorizationServer, 'codes' | 'redirects'>;
  readonly changed: () => void;
  /** How the vendor calls a client that it does not know, and an address that is not registered. */
  readonly errors: {
    readonly client: { readonly status: 400 | 401; readonly error: string };
    readonly address: { readonly status: 400 | 401; readonly error: string };
  };
  /** The scopes that the page shows. */
  scopesOf(query: AuthorizationQuery): readonly string[];
  about(scope: string): string;
  /** One that goes with every consent, and cannot be left out. */
  isFixed(scope: string): boolean;
  accounts(): readonly string[];
  /** What is granted when a person has ticked these. */
  granted(account: string, ticked: readonly string[], query: AuthorizationQuery): readonly string[];
  /** Whether a refresh token comes of it. */
  isOffline(account: string, granted: readonly string[], query: AuthorizationQuery): boolean;
  /** What goes back beside `code` and `state`. */
  withCode(granted: readonly string[], origin: string): Readonly<Record<string, string>>;
  /** What goes back beside `error=access_denied` and `state`. */
  readonly denied: Readonly<Record<string, string>>;
}

interface AuthorizationRequest {
  readonly query: AuthorizationQuery;
  readonly clientId: string;
  readonly redirectUri: string;
}

const sendBack = (
  reply: FastifyReply,
  { redirectUri, query }: AuthorizationRequest,
  what: Record<string, string>,
) => {
  const url = new URL(redirectUri);
  for (const [key, value] of Object.entries(what)) url.searchParams.set(key, value);
  if (query.state !== undefined) url.searchParams.set('state', query.state);
  return reply.header('cache-control', 'no-store').redirect(url.href, 303);
};

/** The error that goes back to the app, if its request is wrong. */
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

export const consentRoutes = (app: FastifyInstance, parts: ConsentParts) => {
  const { vendor, name, path } = parts;
  const { codes, redirects } = parts.server;

  /** Answered here: a client or an address that nobody knows is no place to send somebody to (section 4.1.2.1). */
  const refuse = (
    reply: FastifyReply,
    { status, error }: { status: number; error: string },
    message: string,
  ) => reply.code(status).headers(consentHeaders).send(renderConsentError({ vendor, name, error, message }));

  const answer = (
    request: FastifyRequest,
    reply: FastifyReply,
    go: (asked: AuthorizationRequest) => FastifyReply,
  ): FastifyReply => {
    const query = requestSchema.parse(request.query);
    const { client_id: clientId, redirect_uri: redirectUri } = query;
    if (clientId !== parts.clientId) {
      return refuse(reply, parts.errors.client, 'The client id is not registered here.');
    }
    if (redirectUri === undefined || !redirects.allows(redirectUri)) {
      return refuse(reply, parts.errors.address, 'The redirect address is not registered for this client.');
    }
    const asked = { query, clientId, redirectUri };
    const error = errorOf(query, parts.scopesOf(query));
    return error ? sendBack(reply, asked, error) : go(asked);
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
    answer(request, reply, (asked) => {
      const { query, clientId, redirectUri } = asked;
      const { decision, account, scope } = decisionSchema.parse(request.body ?? {});
      if (decision === 'deny') return sendBack(reply, asked, { error: 'access_denied', ...parts.denied });
      if (account === '') return refuse(reply, { status: 400, error: 'invalid_request' }, 'Name an account.');
      const ticked = parts.scopesOf(query).filter((one) => parts.isFixed(one) || scope.includes(one));
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
      return sendBack(reply, asked, { code, ...parts.withCode(granted, originOf(request)) });
    }),
  );
};
