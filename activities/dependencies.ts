/** What the activities are made of. */
import type { Organizations } from '../db/access/organizations.ts';
import type { NoticeDeliveries } from '../db/auditions/notice-deliveries.ts';
import type { SlotHolds } from '../db/auditions/slot-holds.ts';
import type { Connections } from '../db/connections/repository.ts';
import type { OperationLedger } from '../db/ledger/operations.ts';
import type { EventStore } from '../db/trail/event-store.ts';
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
    readonly noticeDeliveries: NoticeDeliveries;
  };
  readonly providers: Providers;
  readonly accessTokens: Pick<AccessTokens, 'forConnection'>;
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
