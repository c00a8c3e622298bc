/** The dependencies of the activities. */

import type { Organizations } from '../db/access/organizations.ts';
import type { Announcements } from '../db/auditions/announcements.ts';
import type { JoinLinkRequest } from '../db/auditions/join-links.ts';
import type { NoticeDeliveries } from '../db/auditions/notice-deliveries.ts';
import type { AuditionRecords } from '../db/auditions/records.ts';
import type { ResponseLinkRequest } from '../db/auditions/response-links.ts';
import type { SlotHolds } from '../db/auditions/slot-holds.ts';
import type { ReadStoredNames } from '../db/auditions/stored-names.ts';
import type { MessageBudgets } from '../db/budgets/message-budgets.ts';
import type { BusyCalendars } from '../db/calendars/busy-calendars.ts';
import type { BusyTimes } from '../db/calendars/busy-times.ts';
import type { ParticipantConflicts } from '../db/calendars/participant-conflicts.ts';
import type { WrittenEvents } from '../db/calendars/written-events.ts';
import type { Connections } from '../db/connections/repository.ts';
import type { OperationLedger } from '../db/ledger/operations.ts';
import type { HostClaims } from '../db/meetings/host-claims.ts';
import type { MeetingPreferences } from '../db/meetings/meeting-preferences.ts';
import type { Registrants } from '../db/meetings/registrants.ts';
import type { SessionRooms } from '../db/meetings/session-rooms.ts';
import type { SenderAlerts } from '../db/providers/sender-alerts.ts';
import type { SessionBlocks } from '../db/session-blocks/session-blocks.ts';
import type { EventStore } from '../db/trail/event-store.ts';
import type { MessageLimits } from '../domain/budgets/message-limits.ts';
import type { AuditionId, ParticipantId } from '../domain/ids.ts';
import type { AccessTokens } from '../providers/oauth/access-tokens.ts';
import type { Providers } from '../providers/ports.ts';
import type { AuditionRuns } from './reconciliation/audition-runs.ts';

export interface ActivityDependencies {
  readonly repositories: {
    readonly events: EventStore;
    readonly ledger: OperationLedger;
    readonly storedNames: ReadStoredNames;
    readonly holds: SlotHolds;
    readonly sessionBlocks: Pick<SessionBlocks, 'get'>;
    readonly connections: Connections;
    readonly hostClaims: HostClaims;
    readonly registrants: Registrants;
    readonly sessionRooms: SessionRooms;
    readonly meetingPreferences: Pick<MeetingPreferences, 'get'>;
    readonly organizations: Organizations;
    readonly noticeDeliveries: NoticeDeliveries;
    readonly announcements: Announcements;
    readonly messageBudgets: Pick<MessageBudgets, 'charge' | 'release'>;
    readonly senderAlerts: SenderAlerts;
    readonly writtenEvents: WrittenEvents;
    readonly busyCalendars: BusyCalendars;
    readonly participantConflicts: ParticipantConflicts;
    readonly busyTimes: Pick<BusyTimes, 'listOwn'>;
    readonly auditionRecords: Pick<AuditionRecords, 'readTrail'>;
  };
  /** Reads the plan of an earlier run. */
  readonly runs: Pick<AuditionRuns, 'findPlan'>;
  readonly providers: Providers;
  readonly accessTokens: Pick<AccessTokens, 'forConnection'>;
  /** What an organization may send in a day, when nothing else is set for it. */
  readonly messageLimits: MessageLimits;
  /** The base URL at which the providers' callbacks reach the API, without a trailing slash. */
  readonly publicUrl: string;
  /** Returns the URL of the page on which the invitation is answered. The same invitation always gets the same URL. */
  readonly responseUrl: (request: ResponseLinkRequest) => Promise<string>;
  /** Returns the join link of a participant, or of the audition. The same one until it is revoked. */
  readonly joinUrl: (request: JoinLinkRequest) => Promise<string>;
  /** Returns the ids of join links, in the order of the requests. The same ones until they are revoked. */
  readonly issueJoinLinks: (requests: readonly JoinLinkRequest[]) => Promise<readonly string[]>;
  /**
   * Tells a running audition that another one has taken the slot that it yielded. Best effort: an audition that does not
   * learn it yields until the period of its decline ends.
   */
  readonly tellSlotTaken: (auditionId: AuditionId) => Promise<void>;
  /**
   * The From address of emails, and the organizer of calendar invitations without a `replyAddress`:
   * `CastMatch <auditions@example.com>`, or the address alone.
   */
  readonly sender: string;
  /**
   * Returns the address to which the participant's calendar program sends its answer to an invitation. The same person
   * always gets the same address. Undefined: the answers go to the sender.
   */
  readonly replyAddress?:
    | ((invitee: {
        readonly auditionId: AuditionId;
        readonly participant: ParticipantId;
        readonly generation?: number | undefined;
      }) => string)
    | undefined;
}
