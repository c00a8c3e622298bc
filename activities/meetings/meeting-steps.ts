/** The steps of a meeting that each kind of provider implements. */
import type { ObservedAttendance } from '../../domain/audition/attendee.ts';
import type { MeetingOwner } from '../../domain/audition/casting-session.ts';
import type { Meeting } from '../../domain/audition/meeting.ts';
import type { CallContext } from '../../providers/ports.ts';
import type {
  CheckMeetingInput,
  CreateMeetingInput,
  EndMeetingInput,
  MeetingLook,
  MeetingOfAudition,
  MoveMeetingInput,
  RegisterParticipantsInput,
  RemoveMeetingInput,
  SetLeadersInput,
  UndoResult,
} from '../contract.ts';

/** The input of a step, for a meeting of an audition or of a casting session. */
export type Owned<Input extends { readonly auditionId: unknown }> = Omit<Input, 'auditionId'> & {
  readonly auditionId: MeetingOwner;
};

export interface MeetingSteps {
  /** Creates the meeting. Idempotent by key. */
  create(input: Owned<CreateMeetingInput>): Promise<Meeting>;
  /** Moves the meeting. Creates another one under the same key when the provider no longer has it. */
  move(input: Owned<MoveMeetingInput>): Promise<Meeting>;
  remove(input: Owned<RemoveMeetingInput>): Promise<UndoResult>;
  /** Returns whether the provider still has the meeting. Applies the consents to its automatic recording. */
  check(input: Owned<CheckMeetingInput>): Promise<MeetingLook>;
  /** Returns whether the provider still has the meeting. Changes nothing. */
  look(meeting: Owned<MeetingOfAudition>, call: CallContext): Promise<MeetingLook['status']>;
  /** Ends the meeting if it is open. Idempotent by key. Absent when the provider cannot end a meeting. */
  readonly end?: ((input: Owned<EndMeetingInput>) => Promise<void>) | undefined;
  /**
   * Makes the registrants of the audition those of the input. Absent when the provider registers no people.
   *
   * @param owner what the meeting was created for
   */
  readonly register?: ((input: RegisterParticipantsInput, owner: MeetingOwner) => Promise<void>) | undefined;
  /** Returns whether all of these people lead the meeting now. Absent where the provider has no such people. */
  readonly setLeaders?: ((input: SetLeadersInput) => Promise<boolean>) | undefined;
  /** Returns who was in the meeting. Undefined without a report. Absent when the provider does not report it. */
  readonly attendance?:
    | ((input: Owned<CheckMeetingInput>) => Promise<readonly ObservedAttendance[] | undefined>)
    | undefined;
}
