/** The dependencies of the API. `server.ts` creates the real ones; tests replace some of them. */
import type { FastifyBaseLogger } from 'fastify';
import type { Registry } from 'prom-client';
import type { WatchEnding } from '../activities/connections/watch-ending.ts';
import type { Connection } from '../db/connections/repository.ts';
import type { Repositories } from '../db/index.ts';
import type { ConflictRules } from '../domain/audition/conflict-rules.ts';
import type { CalendarRef } from '../domain/audition/request.ts';
import type { BusyInterval, RoomCalendar } from '../domain/audition/slot.ts';
import type { CalendarListing } from '../domain/calendars/calendar-listing.ts';
import type { ConnectionId, OrganizationId } from '../domain/ids.ts';
import type { CalendarProviderName } from '../domain/providers/vendors.ts';
import type { Instant } from '../domain/time/instant.ts';
import type { ConnectionLinks } from '../foundation/links/connection-link.ts';
import type { FeedLinks, SessionFeedLinks } from '../foundation/links/feed-link.ts';
import type { JoinLinkIds } from '../foundation/links/join-link.ts';
import type { RecordingLinks } from '../foundation/links/recording-link.ts';
import type { ResponseLinks } from '../foundation/links/response-link.ts';
import type { Configuration } from '../providers/configuration.ts';
import type { Authorizers } from '../providers/oauth/authorizers.ts';
import type { FileStorage, RoomListing } from '../providers/ports.ts';
import type { VerifyToken } from './access/jwt-verifier.ts';
import type { LoadLimits } from './access/load-shedding.ts';
import type { RateLimits } from './access/rate-limits.ts';
import type { AuditionWorkflows } from './auditions/audition-workflows.ts';
import type { JoinAddresses } from './auditions/join-addresses.ts';
import type { IntegrationChecks, QuotaDescription } from './health/integration-health.ts';
import type { PersonWorkflows } from './people/person-workflows.ts';
import type { RecordingWorkflows } from './recordings/recording-workflows.ts';
import type { DeliveryWorkflows } from './webhook-endpoints/delivery-workflows.ts';

/** The context of a call that a route makes to a provider. */
export interface ProviderCall {
  readonly correlationId: string;
  readonly signal: AbortSignal;
}

/**
 * Reads the busy intervals of the calendars of one connection. `free_busy` is the cheaper query: it counts tentative events,
 * and those of our auditions.
 */
export type FindBusy = (
  organization: OrganizationId,
  calendars: {
    readonly connection: ConnectionId;
    readonly calendars: readonly { readonly calendarId: string; readonly isBusyOnly: boolean }[];
  },
  window: { readonly from: Instant; readonly until: Instant },
  call: ProviderCall,
  how: {
    readonly precision: 'free_busy' | 'events';
    readonly tentative: ConflictRules['tentative'];
  },
) => Promise<readonly BusyInterval[]>;

/** Reads the busy intervals of a room. */
export type FindRoomBusy = (
  organization: OrganizationId,
  room: RoomCalendar,
  window: { readonly from: Instant; readonly until: Instant },
  call: ProviderCall,
  tentative: ConflictRules['tentative'],
) => Promise<readonly BusyInterval[]>;

/** Returns the names of a connected calendar for `slotResources`. */
export type NameCalendar = (
  organization: OrganizationId,
  calendar: CalendarRef,
  call: ProviderCall,
) => Promise<readonly string[]>;

/** Lists the calendars of a connected account. */
export type ListCalendars = (
  connection: Connection,
  call: ProviderCall,
) => Promise<
  | {
      readonly kind: 'listed';
      readonly provider: CalendarProviderName;
      readonly calendars: readonly CalendarListing[];
    }
  /** The consent has none of these scopes, of which one is needed. */
  | { readonly kind: 'scope_missing'; readonly scopes: readonly string[] }
  /** The account has no calendars. */
  | { readonly kind: 'not_offered' }
>;

/** Lists the rooms that a connected account can see. */
export type ListRooms = (
  connection: Connection,
  call: ProviderCall,
) => Promise<
  | { readonly kind: 'listed'; readonly rooms: readonly RoomListing[] }
  /** The consent has none of these scopes, of which one is needed. */
  | { readonly kind: 'scope_missing'; readonly scopes: readonly string[] }
  /** The provider has no rooms. */
  | { readonly kind: 'not_offered' }
>;

export interface ApiDependencies {
  readonly configuration: Pick<
    Configuration,
    | 'environment'
    | 'publicUrl'
    | 'platformOrigins'
    | 'twilio'
    | 'masterKeys'
    | 'trustedProxies'
    | 'messageLimits'
    | 'monitoringPort'
  > & {
    readonly zoom: Pick<Configuration['zoom'], 'webhookSecrets'>;
    readonly smtp: Pick<Configuration['smtp'], 'webhookSecrets' | 'replies'>;
  };
  readonly repositories: Repositories;
  readonly auditionWorkflows: AuditionWorkflows;
  readonly deliveryWorkflows: DeliveryWorkflows;
  readonly recordingWorkflows: RecordingWorkflows;
  readonly personWorkflows: PersonWorkflows;
  /** Signs links for viewing recordings. */
  readonly recordingLinks: RecordingLinks;
  /** The storage of recordings. */
  readonly storage: Pick<FileStorage, 'read'>;
  readonly responseLinks: ResponseLinks;
  readonly joinLinkIds: JoinLinkIds;
  readonly joinAddresses: JoinAddresses;
  /** Signs the addresses of subscription feeds. */
  readonly feedLinks: FeedLinks;
  readonly sessionFeedLinks: SessionFeedLinks;
  /** Signs links to the page on which a person connects accounts. */
  readonly connectionLinks: ConnectionLinks;
  /** The providers' clients for connecting accounts and revoking grants. */
  readonly authorizers: Authorizers;
  /** Ends the watches of disconnected accounts. */
  readonly watchEnding: WatchEnding;
  readonly findBusy: FindBusy;
  readonly nameCalendar: NameCalendar;
  readonly listCalendars: ListCalendars;
  readonly findRoomBusy: FindRoomBusy;
  readonly listRooms: ListRooms;
  /** Throws `Refusal` (`address_not_allowed`) for a URL that this service must not call. */
  readonly assertUrlAllowed: (url: string) => Promise<void>;
  /** One check per provider. Throws when the provider does not respond or rejects our credentials. */
  readonly integrations: IntegrationChecks;
  /** The providers' quotas, for /health/integrations. */
  readonly quotas?: readonly QuotaDescription[];
  /** The metrics registry of this process. The API adds its own metrics to it. */
  readonly metricsRegistry?: Registry;
  /** Readiness checks. Each throws when the dependency does not respond. */
  readonly checks: { readonly database: () => Promise<void>; readonly temporal: () => Promise<void> };
  /** Whether the process is shutting down and load balancers must send no new requests. */
  readonly isDraining: () => boolean;
  /** Origins of the Temporal Web UI, which may call the codec server from a browser. */
  readonly webUiOrigins: readonly (string | RegExp)[];
  /** Verifies the tokens of the platform's issuer. Undefined when no issuer is configured. */
  readonly verifyToken?: VerifyToken | undefined;
  /** Returns how many queries wait for a database connection of the pool. */
  readonly waitingQueryCount?: () => number;
  /** Overrides the limits of api/access; for tests. */
  readonly limits?: RateLimits & LoadLimits;
  readonly logger: FastifyBaseLogger;
  readonly now: () => Instant;
}
