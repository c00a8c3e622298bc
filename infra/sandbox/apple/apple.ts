/**
 * Simulates the account discovery of Apple's calendar server (RFC 6764). Calendars are not simulated. All
 * accounts have the same app-specific password.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { parseBasicCredentials } from '../authorization.ts';
import { injectFaults, type VendorFaultResponses } from '../faults/injection.ts';
import type { AppleSandboxSettings } from '../settings.ts';
import type { SnapshotPart } from '../store/snapshot.ts';
import type { VendorDependencies } from '../vendor-dependencies.ts';
import { hrefIn, multistatus, type Resource } from './multistatus.ts';

const text = (status: number, body: string) => ({
  status,
  headers: { 'content-type': 'text/plain' },
  body,
});

const faultResponses: VendorFaultResponses = {
  outage: (status) => text(status, 'Service Unavailable'),
  rateLimit: (retryAfterSeconds) => ({
    ...text(429, 'Too Many Requests'),
    headers: { 'content-type': 'text/plain', 'retry-after': String(retryAfterSeconds) },
  }),
  unauthorized: () => text(401, 'Unauthorized'),
};

const heldSchema = z.object({ accounts: z.array(z.string()), revoked: z.array(z.string()) });

const root = '/caldav/';
const principalOf = (account: string): string => `${root}principals/${encodeURIComponent(account)}/`;
const homeOf = (account: string): string => `${root}calendars/${encodeURIComponent(account)}/`;

/** Creates the simulated Apple server: its routes, its state and its controls. */
export const createApple = (parts: VendorDependencies<AppleSandboxSettings>) => {
  const { settings, changeNotifier, calls, faultRegistry } = parts;
  const accounts = new Set<string>();
  const revoked = new Set<string>();

  const snapshotParts: readonly SnapshotPart[] = [
    {
      name: 'apple.accounts',
      save: () => ({ accounts: [...accounts], revoked: [...revoked] }),
      load: (value) => {
        const held = heldSchema.parse(value);
        for (const account of held.accounts) accounts.add(account);
        for (const account of held.revoked) revoked.add(account);
      },
    },
  ];

  /** Returns the account of the request's credentials, or undefined when they are missing or wrong. */
  const accountOf = (request: FastifyRequest): string | undefined => {
    const credentials = parseBasicCredentials(request.headers.authorization);
    if (!credentials || credentials.user === '' || credentials.password !== settings.appPassword)
      return undefined;
    if (revoked.has(credentials.user)) return undefined;
    if (!accounts.has(credentials.user)) {
      accounts.add(credentials.user);
      changeNotifier.notify();
    }
    return credentials.user;
  };

  const find =
    (resourceOf: (account: string, request: FastifyRequest) => Resource | undefined) =>
    async (request: FastifyRequest, reply: FastifyReply) => {
      const account = accountOf(request);
      if (account === undefined) {
        return reply.code(401).header('www-authenticate', 'Basic realm="Sandbox"').send('Unauthorized');
      }
      const resource = resourceOf(account, request);
      return resource
        ? reply
            .code(207)
            .type('application/xml; charset=utf-8')
            .send(multistatus([resource]))
        : reply.code(403).type('text/plain').send('Forbidden');
    };

  return {
    kept: snapshotParts,
    register(app: FastifyInstance) {
      app.addHttpMethod('PROPFIND', { hasBody: true });
      app.addContentTypeParser(
        ['text/xml', 'application/xml'],
        { parseAs: 'string' },
        (_request, body, done) => done(null, body),
      );
      injectFaults(app, { vendor: 'apple', faultRegistry, calls, faultResponses });
      const route = (url: string, handler: ReturnType<typeof find>) =>
        app.route({ method: 'PROPFIND', url, config: { operation: 'discover' }, handler });

      app.route({
        method: ['PROPFIND', 'GET'],
        url: '/.well-known/caldav',
        config: { operation: 'discover' },
        handler: async (_request, reply) => reply.redirect(root, 301),
      });
      route(
        root,
        find((account) => ({
          href: root,
          props: [hrefIn('d:current-user-principal', principalOf(account))],
        })),
      );
      const resourceOfAccount = (
        at: (account: string) => string,
        props: (account: string) => readonly string[],
      ) =>
        find((account, request) =>
          new URL(request.url, 'http://sandbox').pathname === at(account)
            ? { href: at(account), props: props(account) }
            : undefined,
        );
      route(
        `${root}principals/:account/`,
        resourceOfAccount(principalOf, (account) => [hrefIn('c:calendar-home-set', homeOf(account))]),
      );
      route(
        `${root}calendars/:account/`,
        resourceOfAccount(homeOf, () => ['<d:resourcetype><d:collection/></d:resourcetype>']),
      );
    },
    state: () => ({ accounts: [...accounts] }),
    /**
     * Simulates that the person revoked their app-specific passwords. Returns the number of accounts, 0 or 1.
     */
    revokeAccount(account: string): number {
      const wasActive = accounts.has(account) && !revoked.has(account);
      revoked.add(account);
      changeNotifier.notify();
      return wasActive ? 1 : 0;
    },
    reset() {
      accounts.clear();
      revoked.clear();
    },
  };
};
export type Apple = ReturnType<typeof createApple>;
