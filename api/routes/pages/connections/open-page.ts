/** Resolves a page link: the accounts that the page shows, and the actions that it offers. */
import type { Connection } from '../../../../db/connections/repository.ts';
import type { CalendarChoice } from '../../../../domain/calendars/calendar-choice.ts';
import { Refusal } from '../../../../domain/errors.ts';
import {
  type ConnectionProvider,
  connectionProviders,
  isOAuthProvider,
} from '../../../../domain/providers/vendors.ts';
import type { ConnectionLink } from '../../../../foundation/links/connection-link.ts';
import { readMinterRights } from '../../../access/minter-rights.ts';
import { requirePageLink } from '../../../connections/page-link.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { readShownProblems, type ShownProblem } from './shown-problems.ts';

export interface OpenedPage {
  readonly token: string;
  readonly link: ConnectionLink;
  readonly organization: string;
  /** The connections that the page shows. */
  readonly connections: readonly Connection[];
  /** The choices of their calendars. */
  readonly choices: ReadonlyMap<string, CalendarChoice | undefined>;
  /** The problems of the connections that have any. */
  readonly problems: ReadonlyMap<string, readonly ShownProblem[]>;
  /** The connection to reconnect, if the link is for one. */
  readonly existingConnection: Connection | undefined;
  readonly offered: readonly ConnectionProvider[];
  readonly mayDisconnect: boolean;
  readonly mayChooseCalendars: boolean;
}

/** Maximum number of connections on a page. */
const maxShown = 200;

const notOpenedByLink = (): Refusal =>
  new Refusal(
    'link_invalid',
    'The link does not give access to this.',
    'Use the complete link as you received it.',
  );

const isOffered =
  ({ authorizers }: ApiDependencies, link: ConnectionLink) =>
  (provider: ConnectionProvider): boolean =>
    (link.provider === undefined || link.provider === provider) &&
    (!isOAuthProvider(provider) || authorizers.oauth[provider] !== undefined);

/** Returns the connection that the link is for, if it still belongs to the same owner. */
const existingConnectionOf = async (
  { repositories }: ApiDependencies,
  { organization, connection, owner, provider }: ConnectionLink,
): Promise<Connection | undefined> => {
  if (connection === undefined) return undefined;
  const found = await repositories.connections.get(organization, connection);
  const isMeant = found?.owner === owner && (provider === undefined || found?.provider === provider);
  return isMeant ? found : undefined;
};

const withdrawn = (): Refusal =>
  new Refusal(
    'link_expired',
    'The key that requested this link no longer permits it.',
    'Request a new link where you got this one.',
  );

/**
 * Returns the data of the page that a token opens.
 * @throws {Refusal} `link_invalid`, `link_expired`
 */
export const openPage = async (dependencies: ApiDependencies, token: string): Promise<OpenedPage> => {
  const { connections, organizations } = dependencies.repositories;
  const link = requirePageLink(dependencies, token);
  const isPermitted = await readMinterRights(dependencies, link);
  if (!isPermitted('GET /v1/connections/page')) throw withdrawn();
  const organization = await organizations.get(link.organization);
  const existingConnection = await existingConnectionOf(dependencies, link);
  if (!organization || (link.connection !== undefined && !existingConnection)) throw notOpenedByLink();
  const { owner = null, provider } = link;
  const statuses = ['connected', 'needs_reauthorization'] as const;
  const reachable = existingConnection
    ? [existingConnection]
    : await connections.list(link.organization, { owner, provider, statuses, limit: maxShown });
  const shown = reachable.filter(({ status }) => status !== 'disconnected');
  const choices = await connections.findChoices(
    link.organization,
    shown.map(({ id }) => id),
  );
  return {
    token,
    link,
    organization: organization.name,
    connections: shown,
    choices,
    problems: await readShownProblems(dependencies.repositories, shown, choices),
    existingConnection,
    offered:
      existingConnection && existingConnection.status !== 'disconnected'
        ? []
        : connectionProviders.filter(isOffered(dependencies, link)),
    mayDisconnect:
      link.provider === undefined &&
      link.connection === undefined &&
      isPermitted('DELETE /v1/connections/:id'),
    mayChooseCalendars: isPermitted('PUT /v1/connections/:id/calendars'),
  };
};

/**
 * Returns a connection whose calendars the holder of the link may choose.
 * @throws {Refusal} `link_invalid`
 */
export const requireChoosableConnection = (opened: OpenedPage, id: string): Connection => {
  if (!opened.mayChooseCalendars) throw notOpenedByLink();
  return requireShownConnection(opened, id);
};

/**
 * Returns a connection that the page shows.
 * @throws {Refusal} `link_invalid`
 */
export const requireShownConnection = (
  { connections, existingConnection }: OpenedPage,
  id: string,
): Connection => {
  const found =
    connections.find((connection) => connection.id === id) ??
    (existingConnection?.id === id ? existingConnection : undefined);
  if (found) return found;
  throw notOpenedByLink();
};

/**
 * Returns the connection that a form reconnects; undefined for a new connection.
 * @throws {Refusal} `link_invalid` for another provider or connection than the link permits.
 */
export const connectionToReconnect = (
  opened: OpenedPage,
  provider: ConnectionProvider,
  id: string | undefined,
): Connection | undefined => {
  const { link, existingConnection } = opened;
  if (link.provider !== undefined && link.provider !== provider) throw notOpenedByLink();
  const connection = id === undefined ? existingConnection : requireShownConnection(opened, id);
  if (connection && connection.provider !== provider) throw notOpenedByLink();
  return connection;
};
