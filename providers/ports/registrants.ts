/** Ports: the registrants of meetings. */
import type { RegistrantMeetingName } from '../../domain/providers/vendors.ts';
import type { CallContext } from './calls.ts';
import type { HostAccount } from './meetings.ts';

/** A person to whom a meeting gives an address of their own. */
export interface RegistrantSpec {
  /** Identifies the registration: the local part of its email address at the provider. In lower case. */
  readonly reference: string;
  /** The domain of that address. Nothing is sent to it. */
  readonly domain: string;
  /** The name that the meeting shows. */
  readonly name: string;
}

export interface Registrant {
  readonly id: string;
  /** Leads into the meeting, as this person. */
  readonly joinUrl: string;
}

/** The registrants of meetings whose setting `registrants` is in effect. */
export interface MeetingRegistrants {
  readonly name: RegistrantMeetingName;
  /** Returns the registrants of the meeting with the reference. Cancelled ones are not returned. */
  find(
    host: HostAccount,
    meetingId: string,
    reference: string,
    call: CallContext,
  ): Promise<readonly Registrant[]>;
  /** Registers a person. The ledger calls `find` first when an earlier outcome is unknown. */
  add(host: HostAccount, meetingId: string, person: RegistrantSpec, call: CallContext): Promise<Registrant>;
  /** Cancels a registration: its address is dead. Idempotent: returns `absent` when it or the meeting does not exist. */
  cancel(
    host: HostAccount,
    meetingId: string,
    registrantId: string,
    call: CallContext,
  ): Promise<'deleted' | 'absent'>;
}
