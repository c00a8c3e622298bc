/** Sets up tests of connecting accounts: a new organization, a person with a browser, and in-memory providers. */
import { randomUUID } from 'node:crypto';
import type { ApiDependencies } from '../../api/dependencies.ts';
import { type ConnectionId, type OrganizationId, organizationIdSchema } from '../../domain/ids.ts';
import { createTestApi } from './api.ts';
import type { TestDatabase } from './database.ts';
import { createFakeAuthorizers } from './fake-authorizers.ts';
import { createInjectedBrowser, type FormBrowser, type Page } from './form-browser.ts';

export const publicUrl = 'https://auditions.example.com';

/** Returns the address to which the provider redirects the browser. */
const callback = (answer: Record<string, string>, provider = 'google'): string =>
  `/v1/connections/${provider}/callback?${new URLSearchParams(answer).toString()}`;

/** Creates an organization, an API with in-memory providers, and the steps of connecting an account. */
export const setUpConnectionFlow = async (
  database: TestDatabase,
  {
    accounts,
    ...given
  }: Partial<Pick<ApiDependencies, 'listCalendars' | 'verifyToken' | 'now'>> & {
    readonly accounts?: string;
  } = {},
) => {
  const organization: OrganizationId = organizationIdSchema.parse(`org_${randomUUID()}`);
  const { repositories } = database;
  await repositories.organizations.put({ id: organization, name: 'North Casting', meetingProviders: [] });
  const authorizers = createFakeAuthorizers(accounts);
  const test = await createTestApi(database, { authorizers, ...given });
  const key = await test.keyFor('admin', organization);
  const person = createInjectedBrowser(test.api, publicUrl);

  const linkFrom = async (path: string): Promise<string> => {
    const { body } = await test.call('GET', path, { key });
    return String(Object(body).url);
  };
  const state = (): string => authorizers.lastAuthorizationRequest().state;

  /** Opens the link and submits the form, up to the provider's consent page. */
  const startAuthorization = async (
    link: string,
    provider = 'google',
    who: FormBrowser = person,
  ): Promise<Page> => {
    const page = await who.open(link);
    return who.submit(page, { to: '/connect', having: { provider, connection: '' } });
  };
  /** Connects the account: opens the page, consents at the provider, and follows the redirect back. */
  const connect = async (account: string, link?: string, scopes?: readonly string[]): Promise<Page> => {
    await startAuthorization(link ?? (await linkFrom('/v1/connections/page?owner=ann')));
    const code = authorizers.consent({ account, ...(scopes && { scopes }) });
    return person.open(callback({ state: state(), code }));
  };
  const connections = () => repositories.connections.list(organization);
  const onlyConnection = async () => {
    const [connection] = await connections();
    if (!connection) throw new Error('no account is connected; call connect first');
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
    requireReauthorization,
  };
};
