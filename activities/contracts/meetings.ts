/** Meetings. One queue per provider. */
import type { ObservedAttendance } from '../../domain/audition/attendee.ts';
import type { Meeting, MeetingAccess } from '../../domain/audition/meeting.ts';
import type { MeetingHost } from '../../domain/audition/meeting-host.ts';
import type { MeetingSettings, SettingName } from '../../domain/audition/meeting-settings.ts';
import type { Participant } from '../../domain/audition/request.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import type { MeetingProviderName } from '../../domain/providers/vendors.ts';
import type { UndoResult } from './calendars.ts';
import type { AuditionCall, StepFailure } from './calls.ts';

interface MeetingInput extends AuditionCall {
  readonly key: string;
  readonly provider: MeetingProviderName;
  readonly slot: Slot;
  readonly revision: number;
  readonly topic: string;
  /** Absent: the meeting has the settings of the host's account. */
  readonly settings?: MeetingSettings;
  /** The preferred host. Absent: the first host of the organization that is free. */
  readonly host?: MeetingHost;
}

export interface CreateMeetingInput extends MeetingInput {
  /** Whether another provider follows this one. If so, the activity does not wait for an open circuit to close. */
  readonly hasFallback: boolean;
}

export interface MoveMeetingInput extends MeetingInput {
  readonly meeting: Meeting;
  /**
   * Whether another provider can make the meeting at the new time. If so, the activity does not wait for an open circuit to
   * close. Absent in calls of earlier versions.
   */
  readonly hasFallback?: boolean | undefined;
}

export interface RemoveMeetingInput extends AuditionCall {
  /** The keys under which the meeting was, or may have been, created. */
  readonly keys: readonly string[];
  readonly provider: MeetingProviderName;
  readonly slot: Slot;
}

export interface CheckMeetingInput extends AuditionCall {
  readonly provider: MeetingProviderName;
  readonly meeting: Meeting;
  readonly slot: Slot;
  /** The wanted settings of the meeting. Undefined: those of the host's account. */
  readonly settings?: MeetingSettings | undefined;
}

export interface RegisterParticipantsInput extends AuditionCall {
  readonly provider: MeetingProviderName;
  readonly meeting: Meeting;
  readonly slot: Slot;
  /** All who are to be registered. Others are cancelled. */
  readonly participants: readonly Pick<Participant, 'id' | 'name'>[];
  /** Whether the address of the meeting has changed: those of the registrants are then read again. */
  readonly hasOtherAddress?: boolean | undefined;
}

export interface SetLeadersInput extends CheckMeetingInput {
  /** The email addresses of the people who lead the meeting beside the host. */
  readonly leaders: readonly string[];
}

/** Names the meeting of an audition. */
export type MeetingOfAudition = Pick<
  CheckMeetingInput,
  'organization' | 'auditionId' | 'provider' | 'meeting'
>;

/** What the provider says of the meeting. */
export interface MeetingLook {
  readonly status: 'present' | 'absent';
  /** Set when the check has changed the settings of the meeting: those that it does not have now. */
  readonly notHonored?: readonly SettingName[] | undefined;
  /** Set when people get into the meeting in another way than the input says: a person has changed its passcode. */
  readonly access?: MeetingAccess | undefined;
}

/**
 * `absent`: the provider does not have the meeting. `unusable`: the provider cannot be used now, for the reason that the
 * failure states.
 */
export type MeetingCheck = MeetingLook | { readonly status: 'unusable'; readonly failure: StepFailure };

export interface EndMeetingInput extends CheckMeetingInput {
  readonly key: string;
}

export interface MeetingActivities {
  /**
   * Looks whether the meeting can take place at its provider. Starts or stops its automatic recording when a consent was
   * given or withdrawn since the meeting was created.
   */
  checkMeeting(input: CheckMeetingInput): Promise<MeetingCheck>;
  /** Reads who was in the meeting. Undefined when the provider does not report it, or has no report yet. Changes nothing. */
  readAttendance(
    input: CheckMeetingInput,
  ): Promise<{ readonly attendance?: readonly ObservedAttendance[] | undefined }>;
  /** Ends the meeting at the end of its slot, if it is open. Idempotent by key. Does nothing where the provider cannot. */
  endMeeting(input: EndMeetingInput): Promise<void>;
  createMeeting(input: CreateMeetingInput): Promise<Meeting>;
  /**
   * Registers the participants of a meeting with registration, and cancels the registrants who are not among them. Does
   * nothing at a provider without registration.
   */
  registerParticipants(input: RegisterParticipantsInput): Promise<void>;
  /**
   * Makes these people lead the meeting beside its host, and those of the setting `alternativeHosts`. Returns whether all of
   * them do. Idempotent: the list is absolute.
   */
  setLeaders(input: SetLeadersInput): Promise<{ readonly isHonored: boolean }>;
  /**
   * Moves the meeting and returns it. Returns a new meeting, created under `key`, when the provider no longer has the
   * old one, or when its host has another meeting at the new time. The old meeting is then removed.
   */
  moveMeeting(input: MoveMeetingInput): Promise<Meeting>;
  removeMeeting(input: RemoveMeetingInput): Promise<UndoResult>;
}
