/** Everything the API is made of. `server.ts` puts the real parts together; tests replace single ones. */
import type { FastifyBaseLogger } from 'fastify';
import type { Registry } from 'prom-client';
import type { Repositories } from '../db/index.ts';
import type { BusyInterval } from '../domain/audition/slot.ts';
import type { ConnectionId, OrganizationId } from '../domain/ids.ts';
import type { Instant } from '../domain/time/instant.ts';
import type { ConnectionLinks } from '../foundation/links/connection-link.ts';
import type { ResponseLinks } from '../foundation/links/response-link.ts';
import type { Configuration } from '../providers/configuration.ts';
import type { Authorizers } from '../providers/oauth/authorizers.ts';
import type { VerifyToken } from './access/jwt-verifier.ts';
import type { LoadLimits } from './access/load-shedding.ts';
import type { RateLimits } from './access/rate-limits.ts';
import type { AuditionWorkflows } from './auditions/audition-workflows.ts';
import type { IntegrationChecks, QuotaDescription } from './health/integration-health.ts';
import type { DeliveryWorkflows } from './webhook-endpoints/delivery-workflows.ts';

/** Reads connected calendars. The API itself calls no provider: whoever starts it brings this along. */
export type FindBusy = (
  organization: OrganizationId,
  calendar: { readonly connection: ConnectionId; readonly calendarId: string },
  window: { readonly from: Instant; readonly until: Instant },
  call: { readonly correlationId: string; readonly signal: AbortSignal },
) => Promise<readonly BusyInterval[]>;

export interface ApiDependencies {
  readonly configuration: Pick<
    Configuration,
    'environment' | 'publicUrl' | 'platformOrigins' | 'twilio' | 'masterKeys' | 'trustedProxies'
  > & {
    readonly zoom: Pick<Configuration['zoom'], 'webhookSecrets'>;
    readonly smtp: Pick<Configuration['smtp'], 'webhookSecrets'>;
  };
  readonly repositories: Repositories;
  readonly auditionWorkflows: AuditionWorkflows;
  readonly deliveryWorkflows: DeliveryWorkflows;
  readonly responseLinks: ResponseLinks;
  /** To the page on which a person connects accounts. */
  readonly connectionLinks: ConnectionLinks;
  /** Through which accounts are connected and taken away again. */
  readonly authorizers: Authorizers;
  readonly findBusy: FindBusy;
  /** Refuses, in words for a person, an address that a server of theirs may not have. */
  readonly assertUrlAllowed: (url: string) => Promise<void>;
  /** One check per provider, each throwing when the provider does not answer or does not know us. */
  readonly integrations: IntegrationChecks;
  /** What the providers allow, for whoever reads of its use. */
  readonly quotas?: readonly QuotaDescription[];
  /** Where the figures of whatever else runs in this process are; the API's own are added. */
  readonly metricsRegistry?: Registry;
  /** What the API cannot work without, each throwing when it does not answer. */
  readonly checks: { readonly database: () => Promise<void>; readonly temporal: () => Promise<void> };
  /** Whether the process is about to end, so that nobody new should be sent to it. */
  readonly isDraining: () => boolean;
  /** Where the Temporal Web UI may be opened: the origins that may ask the codec server. */
  readonly webUiOrigins: readonly (string | RegExp)[];
  /** Checks the tokens of the platform's issuer, where one is configured. */
  readonly verifyToken?: VerifyToken | undefined;
  /** How many queries wait for a connection of the pool. */
  readonly waitingQueryCount?: () => number;
  /** Other than those of api/access, where a test wants to reach them soon or never. */
  readonly limits?: RateLimits & LoadLimits;
  readonly logger: FastifyBaseLogger;
  readonly now: () => Instant;
}
