/** An organization of its own, a person in a browser, and providers in memory: for tests of connecting accounts. */
import { randomUUID } from 'node:crypto';
import { type ConnectionId, type OrganizationId, organizationIdSchema } from '../../domain/ids.ts';
import { createTestApi } from './api.ts';
import type { TestDatabase } from './database.ts';
import { createFakeAuthorizers } from './fake-authorizers.ts';
import { createInjectedBrowser, type FormBrowser, type Page } from './form-browser.ts';

export const publicUrl = 'https://auditions.example.com';

/** Where the provider sends a browser back to. */
const callback = (answer: Record<string, string>, provider = 'google'): string =>
  `/v1/connections/${provider}/callback?${new URLSearchParams(answer).toString()}`;

export const setUpConnectionFlow = async (database: TestDatabase) => {
  const organization: OrganizationId = organizationIdSchema.parse(`org_${randomUUID()}`);
  const { repositories } = database;
  await repositories.organizations.put({ id: organization, name: 'North Casting', meetingProviders: [] });
  const authorizers = createFakeAuthorizers();
  const test = await createTestApi(database, { authorizers });
  const key = await test.keyFor('admin', organization);
  const person = createInjectedBrowser(test.api, publicUrl);

  const linkFrom = async (path: string): Promise<string> => {
    const { body } = await test.call('GET', path, { key });
    return String(Object(body).url);
  };
  const state = (): string => authorizers.lastAuthorizationRequest().state;

  /** From the page to the provider's, up to the moment when the person decides. */
  const startAuthorization = async (
    link: string,
    provider = 'google',
    who: FormBrowser = person,
  ): Promise<Page> => {
    const page = await who.open(link);
    return who.submit(page, { to: '/connect', having: { provider, connection: '' } });
  };
  /** The whole way, with a yes at the end. */
  const connect = async (account: string, link?: string, scopes?: readonly string[]): Promise<Page> => {
    await startAuthorization(link ?? (await linkFrom('/v1/connections/page?owner=ann')));
    const code = authorizers.consent({ account, ...(scopes && { scopes }) });
    return person.open(callback({ state: state(), code }));
  };
  const connections = () => repositories.connections.list(organization);
  const onlyConnection = async () => {
    const [connection] = await connections();
    if (!connection) throw new Error('nothing is connected');
    return connection;
  };
  const requireReauthorization = async (id: ConnectionId): Promise<void> => {
    const connection = await repositories.connections.get(organization, id);
    await repositories.connections.markNeedsReauthorization(id, 'grant_refused', connection?.version ?? 0);
  };
  return {
    ...test,
    organization,
    repositories,
    authorizers,
    key,
    person,
    newPerson: () => createInjectedBrowser(test.api, publicUrl),
    linkFrom,
    callback,
    state,
    begin: startAuthorization,
    connect,
    connections,
    only: onlyConnection,
    fallOut: requireReauthorization,
  };
};
