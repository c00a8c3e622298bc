/** What the activities are made of. */
import type {
  Connections,
  Deliveries,
  EventStore,
  OperationLedger,
  Organizations,
  SlotHolds,
} from '../db/repositories.ts';
import type { AuditionId, OrganizationId, ParticipantId } from '../domain/ids.ts';
import type { AccessTokens } from '../providers/oauth/access-tokens.ts';
import type { Providers } from '../providers/ports.ts';

export interface ActivityDependencies {
  readonly repositories: {
    readonly events: EventStore;
    readonly ledger: OperationLedger;
    readonly holds: SlotHolds;
    readonly connections: Connections;
    readonly organizations: Organizations;
    readonly deliveries: Deliveries;
  };
  readonly providers: Providers;
  readonly accessTokens: Pick<AccessTokens, 'of'>;
  /** Without a trailing slash. Where the providers' callbacks reach us. */
  readonly publicUrl: string;
  /** The address of the page on which this invitation is answered; the same for the same invitation. */
  readonly responseLink: (invitation: {
    readonly organization: OrganizationId;
    readonly auditionId: AuditionId;
    readonly participant: ParticipantId;
    readonly revision: number;
  }) => string;
  /** Who writes: `CastMatch <auditions@example.com>`, or the address alone. The organizer of the invitations. */
  readonly sender: string;
}
