/** Simulates the sign-in of Microsoft's identity platform and the user profile of Graph. */
import type { FastifyInstance } from 'fastify';
import { injectFaults, type VendorFaultResponses } from '../faults/injection.ts';
import { createAuthorizationServer } from '../oauth/authorization-server.ts';
import { createIdTokens } from '../oauth/id-token.ts';
import type { MicrosoftSandboxSettings } from '../settings.ts';
import type { Clock } from '../time.ts';
import type { VendorDependencies } from '../vendor-dependencies.ts';
import { microsoftConsent } from './consent.ts';
import { GraphError, graphErrorBody, LoginError, loginErrorBody, loginErrors } from './errors.ts';
import { microsoftRoutes } from './oauth-routes.ts';

const createFaultResponses = (clock: Clock): VendorFaultResponses => ({
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
      return reply.code(error.details.status).send(loginErrorBody(error.details, clock()));
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

/** Creates the simulated Microsoft: its routes, its state and its controls. */
export const createMicrosoft = (parts: VendorDependencies<MicrosoftSandboxSettings>) => {
  const { settings, clock, changeNotifier, calls, faultRegistry } = parts;
  const server = createAuthorizationServer(
    {
      vendor: 'microsoft',
      accessTokenSeconds: settings.accessTokenSeconds,
      accessPrefix: 'EwB-sandbox-',
      refreshPrefix: 'M.C5-sandbox-',
      codePrefix: 'M.C5-code-',
      rotation: 'adds',
      preauthorizedPrefix: settings.refreshTokenPrefix,
      preauthorizedScopes: ['openid', 'profile', 'offline_access', 'User.Read', 'Calendars.ReadWrite'],
    },
    clock,
  );
  const idTokens = createIdTokens();
  const changed = () => changeNotifier.notify();
  return {
    server,
    kept: server.kept,
    register(app: FastifyInstance) {
      answerErrors(app, clock);
      injectFaults(app, {
        vendor: 'microsoft',
        faultRegistry,
        calls,
        faultResponses: createFaultResponses(clock),
      });
      microsoftConsent(app, { settings, server, changed });
      microsoftRoutes(app, { settings, server, idTokens, clock, changed });
    },
    state: () => ({ grants: server.grants.all() }),
    reset: () => server.reset(),
  };
};
export type Microsoft = ReturnType<typeof createMicrosoft>;
