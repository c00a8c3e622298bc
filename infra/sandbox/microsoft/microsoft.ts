/** Microsoft as the sandbox plays it: signing in with the identity platform, and who somebody is. */
import type { FastifyInstance } from 'fastify';
import { injectFaults, type VendorTrouble } from '../faults/injection.ts';
import { createAuthorizationServer } from '../oauth/authorization-server.ts';
import { createIdTokens } from '../oauth/id-token.ts';
import type { MicrosoftSettings } from '../settings.ts';
import type { Clock } from '../time.ts';
import type { VendorParts } from '../vendor-parts.ts';
import { microsoftConsent } from './consent.ts';
import { GraphError, graphErrorBody, LoginError, loginErrorBody, loginErrors } from './errors.ts';
import { microsoftRoutes } from './oauth-routes.ts';

const troubleOf = (clock: Clock): VendorTrouble => ({
  outage: (status) => ({
    status,
    body: graphErrorBody('ServiceUnavailable', 'The service is temporarily unavailable.', clock()),
  }),
  rateLimit: (retryAfterSeconds) => ({
    status: 429,
    headers: { 'retry-after': String(retryAfterSeconds) },
    body: graphErrorBody('TooManyRequests', 'Too many requests.', clock()),
  }),
  unauthorized: (operation) =>
    operation === 'token'
      ? { status: 400, body: loginErrorBody(loginErrors.revoked, clock()) }
      : {
          status: 401,
          body: graphErrorBody('InvalidAuthenticationToken', 'Access token has expired.', clock()),
        },
});

const answerErrors = (app: FastifyInstance, clock: Clock) => {
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof LoginError) {
      return reply.code(error.facts.status).send(loginErrorBody(error.facts, clock()));
    }
    if (error instanceof GraphError) {
      return reply.code(error.status).send(graphErrorBody(error.code, error.message, clock()));
    }
    const refused = error instanceof Error && 'statusCode' in error && error.statusCode === 400;
    return reply
      .code(refused ? 400 : 500)
      .send(graphErrorBody(refused ? 'BadRequest' : 'InternalServerError', String(error), clock()));
  });
};

export const createMicrosoft = (parts: VendorParts<MicrosoftSettings>) => {
  const { settings, clock, pulse, calls, switchboard } = parts;
  const server = createAuthorizationServer(
    {
      vendor: 'microsoft',
      accessTokenSeconds: settings.accessTokenSeconds,
      accessPrefix: 'EwB-sandbox-',
      refreshPrefix: 'M.C5-sandbox-',
      codePrefix: 'M.C5-code-',
      rotation: 'adds',
      knownPrefix: settings.refreshTokenPrefix,
      knownScopes: ['openid', 'profile', 'offline_access', 'User.Read', 'Calendars.ReadWrite'],
    },
    clock,
  );
  const idTokens = createIdTokens();
  const changed = () => pulse.beat();
  return {
    server,
    kept: server.kept,
    register(app: FastifyInstance) {
      answerErrors(app, clock);
      injectFaults(app, { vendor: 'microsoft', switchboard, calls, trouble: troubleOf(clock) });
      microsoftConsent(app, { settings, server, changed });
      microsoftRoutes(app, { settings, server, idTokens, clock, changed });
    },
    state: () => ({ grants: server.grants.all() }),
    reset: () => server.reset(),
  };
};
export type Microsoft = ReturnType<typeof createMicrosoft>;
