/** Starts the connection maintenance loop of a worker process. */
import { createReconnectNotice } from '../../activities/connections/reconnect-notice.ts';
import { createWatchEnding } from '../../activities/connections/watch-ending.ts';
import type { Connection } from '../../db/connections/repository.ts';
import type { Repositories } from '../../db/index.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { day } from '../../domain/time/units.ts';
import { createConnectionLinks } from '../../foundation/links/connection-link.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { Configuration } from '../../providers/configuration.ts';
import type { Authorizers } from '../../providers/oauth/authorizers.ts';
import type { Providers } from '../../providers/ports.ts';
import type { Loop } from '../loop.ts';
import { startRelay } from '../relay.ts';
import { createConnectionMaintenanceRound } from './connection-maintenance.ts';

/** Without notifications: a notice or revocation may be delayed by this interval. */
const pollIntervalMs = 15_000;
/** Long, since owners may read the email days later. */
const linkLifetimeMs = 7 * day;

/** Starts the loop. The links in its emails are valid for seven days. */
export const startConnectionMaintenance = (
  { masterKeys, publicUrl, messageLimits }: Pick<Configuration, 'masterKeys' | 'publicUrl' | 'messageLimits'>,
  repositories: Repositories,
  {
    email,
    calendarChanges,
    authorizers,
  }: Pick<Providers, 'email' | 'calendarChanges'> & { readonly authorizers: Authorizers },
  logger: Logger,
): Loop => {
  // Once per start: references are missing after an update from an earlier version, or with a new master key.
  void repositories.missingReferences
    .complete((connection, err) => logger.warn({ connection, err }, 'account of a connection unreadable'))
    .catch((err: unknown) => logger.error({ err }, 'account references not completed'));
  const links = createConnectionLinks(masterKeys);
  const linkTo = ({ id, organization, owner, provider }: Connection): string => {
    const token = links.token({
      organization,
      owner: owner === undefined ? undefined : participantIdSchema.parse(owner),
      provider,
      connection: id,
      expiresAt: toInstant(Date.now() + linkLifetimeMs),
      minter: { id: 'reconnect notice', role: 'service' },
    });
    return `${publicUrl}/connections/${token}`;
  };
  return startRelay({
    name: 'connections',
    pollIntervalMs,
    round: createConnectionMaintenanceRound({
      disconnected: repositories.disconnectedAccounts,
      authorizationRequests: repositories.authorizationRequests,
      revocations: repositories.pendingRevocations,
      watchSubscriptions: repositories.watchSubscriptions,
      watchEnding: createWatchEnding({
        connections: repositories.connections,
        watchSubscriptions: repositories.watchSubscriptions,
        authorizers: authorizers.oauth,
        calendarChanges,
        logger,
      }),
      authorizers: authorizers.oauth,
      notifyOwner: createReconnectNotice({ repositories, messageLimits, email, linkTo }),
      logger,
    }),
    logger,
  });
};
