/** Ports: meetings that are independent of a calendar. */
import type { Meeting, MeetingAccess } from '../../domain/audition/meeting.ts';
import type { MeetingSettings, SettingName } from '../../domain/audition/meeting-settings.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import type { HostedMeetingName } from '../../domain/providers/vendors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { CallContext, ConnectedAccount } from './calls.ts';

export interface MeetingSpec {
  /** Our reference, stored at the provider and searchable. It replaces an idempotency key where a provider has none. */
  readonly reference: string;
  readonly topic: string;
  readonly slot: Slot;
  readonly settings: MeetingSettings;
}

/** The host of a meeting, as a provider is called for it. `MeetingHost` is the same host as it is stored. */
export type HostAccount =
  /** `user`: the id or the email address of a user of the service's own account, or `me`. */
  | { readonly kind: 'service'; readonly user: string }
  | { readonly kind: 'connected'; readonly connection: ConnectedAccount };

export interface CreatedMeeting {
  readonly meeting: Meeting;
  /** The settings that the provider cannot honour. */
  readonly notHonored: readonly SettingName[];
}

/** Who a host is at the vendor. */
export interface HostIdentity {
  /** The vendor's id of the user. */
  readonly id: string;
  /** The other names of the user, in lower case, under which earlier versions have claimed the host. */
  readonly names: readonly string[];
}

/** The presence of a person in a meeting that has ended. A person who left and came back has several. */
export interface Attendance {
  readonly name?: string | undefined;
  /** In lower case. Undefined for a person who joined without an account. */
  readonly email?: string | undefined;
  readonly joinedAt: Instant;
  /** Undefined: the vendor does not know it. */
  readonly leftAt?: Instant | undefined;
}

/** What a provider says of a meeting. Without `access`, it does not say how people get into it. */
export type MeetingPresence =
  | { readonly status: 'absent' }
  | { readonly status: 'present'; readonly access?: MeetingAccess | undefined };

/** A provider of meetings that are independent of a calendar (Zoom). A Meet meeting is part of a calendar event. */
export interface MeetingProvider {
  readonly name: HostedMeetingName;
  /**
   * The users of the service's own account who host the meetings of organizations that have chosen no host, in order of
   * preference. Absent: there are none.
   */
  readonly defaultUsers?: readonly string[] | undefined;
  /**
   * Whether the vendor keeps a repeated `create` with the same reference from making a second meeting. `create` is then
   * repeated without `find`. `find` serves removals, and can create the meeting that it returns.
   */
  readonly createsOnce?: boolean | undefined;
  /**
   * Returns who the host is: an id, an email address and `me` can be one user. Absent when the account of a host identifies it.
   */
  readonly identify?: ((host: HostAccount, call: CallContext) => Promise<HostIdentity>) | undefined;
  /** Returns all meetings of the host that carry our reference, oldest first. Earlier attempts may have created several. */
  find(host: HostAccount, reference: string, around: Slot, call: CallContext): Promise<readonly Meeting[]>;
  /**
   * Creates a meeting. Idempotent with `createsOnce`. Otherwise the ledger calls `find` first when an earlier outcome is
   * unknown.
   */
  create(host: HostAccount, spec: MeetingSpec, call: CallContext): Promise<CreatedMeeting>;
  /**
   * Returns the settings of the spec that a meeting of an earlier attempt does not have. Absent when they depend only on
   * the spec.
   */
  review?(
    host: HostAccount,
    meetingId: string,
    spec: MeetingSpec,
    call: CallContext,
  ): Promise<readonly SettingName[]>;
  /**
   * Returns whether the plan of the host ends a meeting before the slot ends. Best effort: false when the vendor does not
   * answer. Absent where the vendor does not tell.
   */
  readonly endsEarly?: ((host: HostAccount, slot: Slot, call: CallContext) => Promise<boolean>) | undefined;
  /** Sets the time of the meeting. Idempotent, because the time is absolute. */
  move(host: HostAccount, meetingId: string, spec: MeetingSpec, call: CallContext): Promise<void>;
  /** Deletes the meeting. Idempotent: returns `absent` when it does not exist. */
  remove(host: HostAccount, meetingId: string, call: CallContext): Promise<'deleted' | 'absent'>;
  /** Returns whether the provider still has the meeting, and how people get into it. For a check before the session. */
  check(host: HostAccount, meetingId: string, call: CallContext): Promise<MeetingPresence>;
  /**
   * Ends the meeting if it is open: everyone leaves it. Idempotent. Absent when the provider cannot end a meeting; it then
   * names `endOfMeeting` as not honoured.
   */
  end?(host: HostAccount, meetingId: string, call: CallContext): Promise<'ended' | 'not_open'>;
  /**
   * Makes these people, and no others, lead the meeting beside the host. Idempotent, because the list is absolute. Returns
   * whether all of them do: the others cannot lead meetings of the host. Absent where the provider has no such people.
   */
  setLeaders?(
    host: HostAccount,
    meetingId: string,
    emails: readonly string[],
    call: CallContext,
  ): Promise<boolean>;
  /**
   * Returns who was in the meeting, after its end. Undefined while the provider has no report, which does not tell whether
   * a person came. Absent when the provider reports it by webhook only.
   */
  attendance?(
    host: HostAccount,
    meetingId: string,
    call: CallContext,
  ): Promise<readonly Attendance[] | undefined>;
}
