/** Everything the API is made of. `server.ts` puts the real parts together; tests replace single ones. */
import type { FastifyBaseLogger } from 'fastify';
import type { Repositories } from '../db/index.ts';
import type { BusyInterval } from '../domain/audition/slot.ts';
import type { ProviderName } from '../domain/errors.ts';
import type { ConnectionId, OrganizationId } from '../domain/ids.ts';
import type { Instant } from '../domain/time/instant.ts';
import type { Configuration } from '../infra/configuration/configuration.ts';
import type { ResponseLinks } from '../infra/encryption/response-link.ts';
import type { Orchestration } from './auditions/orchestration.ts';

/** Reads connected calendars. The API itself calls no provider: whoever starts it brings this along. */
export type FindBusy = (
  organization: OrganizationId,
  calendar: { readonly connection: ConnectionId; readonly calendarId: string },
  window: { readonly from: Instant; readonly until: Instant },
  call: { readonly correlationId: string; readonly signal: AbortSignal },
) => Promise<readonly BusyInterval[]>;

export interface ApiDependencies {
  readonly configuration: Pick<Configuration, 'environment' | 'publicUrl' | 'twilio' | 'masterKeys'>;
  readonly repositories: Repositories;
  readonly orchestration: Orchestration;
  readonly links: ResponseLinks;
  readonly findBusy: FindBusy;
  /** One check per provider, each throwing when the provider does not answer or does not know us. */
  readonly integrations: Readonly<Record<ProviderName, () => Promise<void>>>;
  /** What the API cannot work without, each throwing when it does not answer. */
  readonly checks: { readonly database: () => Promise<void>; readonly temporal: () => Promise<void> };
  /** Whether the process is about to end, so that nobody new should be sent to it. */
  readonly isDraining: () => boolean;
  /** Where the Temporal Web UI may be opened: the origins that may ask the codec server. */
  readonly webUiOrigins: readonly (string | RegExp)[];
  readonly logger: FastifyBaseLogger;
  readonly now: () => Instant;
}
