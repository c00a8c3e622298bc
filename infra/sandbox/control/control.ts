/** Controls the sandbox from tests and from its page: actions that the vendors' APIs do not offer. */
import type { Apple } from '../apple/apple.ts';
import type { CallCounter, Counts } from '../calls/counter.ts';
import { type Fault, type FaultRequest, faultRequestSchema, isWebhookKind } from '../faults/fault.ts';
import type { FaultRegistry } from '../faults/fault-registry.ts';
import type { BusyTime, Google } from '../google/google.ts';
import type { SessionRecordingSpec } from '../media/session-recordings.ts';
import { type Attendee, attendeeSchema } from '../meeting-sessions.ts';
import type {
  Microsoft,
  OutlookAnswer,
  OutlookCopy,
  OutlookEvent,
  OutlookLifecycleEvent,
  OutlookRepetition,
} from '../microsoft/microsoft.ts';
import type { AuthorizationServer } from '../oauth/authorization-server.ts';
import type { Room, RoomOptions, RoomResponse } from '../room.ts';
import type { InboundText, Twilio } from '../twilio/twilio.ts';
import { isInbound, operationNames, type Vendor } from '../vendors.ts';
import { ZoomError } from '../zoom/errors.ts';
import type { ZoomEvent } from '../zoom/events.ts';
import type { RecordingFileSpec, RecordingReplacement, RecordingSpec } from '../zoom/recordings.ts';
import type { Zoom } from '../zoom/zoom.ts';

/** The vendors that have rooms. */
export const roomVendors = ['google', 'microsoft'] as const satisfies readonly Vendor[];
/** The vendors with simulated sessions of meetings. */
export const sessionVendors = ['google', 'microsoft'] as const satisfies readonly Vendor[];
/** The vendors that notify of changes in calendars. */
export const subscriptionVendors = ['google', 'microsoft'] as const satisfies readonly Vendor[];
type SubscriptionVendor = (typeof subscriptionVendors)[number];
type SessionVendor = (typeof sessionVendors)[number];
type RoomVendor = (typeof roomVendors)[number];

export interface SandboxState {
  readonly google: ReturnType<Google['state']>;
  readonly microsoft: ReturnType<Microsoft['state']>;
  readonly zoom: ReturnType<Zoom['state']>;
  readonly apple: ReturnType<Apple['state']>;
  readonly twilio: ReturnType<Twilio['state']>;
  readonly faults: Record<Vendor, readonly Fault[]>;
  readonly calls: Record<Vendor, Counts>;
}

export interface SandboxControl {
  /** Returns the stored state of all vendors, the active faults, and the calls by operation and outcome. */
  state(): SandboxState;
  faults(): Record<Vendor, readonly Fault[]>;
  /**
   * Activates a fault.
   *
   * @throws {ControlError} for an operation that the vendor does not have.
   */
  setFault(vendor: Vendor, request: FaultRequest): void;
  clearFaults(): void;
  /** Deletes the stored state, the faults and the counters. */
  reset(): void;
  /**
   * Registers the redirect addresses of a vendor. An empty list restores the default.
   *
   * @throws {ControlError} for a vendor without a consent page.
   */
  registerRedirects(vendor: Vendor, addresses: readonly string[]): void;
  /**
   * Expires all access tokens of a vendor immediately.
   *
   * @throws {ControlError} for a vendor without a consent page.
   */
  expireTokens(vendor: Vendor): void;
  /**
   * Simulates that a person revoked the app's access at the vendor. Returns the number of revoked grants.
   *
   * @throws {ControlError} for a vendor without accounts of people.
   */
  revokeGrants(vendor: Vendor, account: string): number;
  addBusy(time: BusyTime): { readonly calendarId: string; readonly eventId: string };
  /** Invalidates all sync tokens of Google calendars. Clients must list all events again. */
  expireSyncTokens(): void;
  /** Ends all notification channels of Google calendars, or all subscriptions of Outlook mailboxes, without a notice. */
  expireSubscriptions(vendor: SubscriptionVendor): void;
  /** Adds an event that the owner of an Outlook mailbox created manually. */
  addOutlookEvent(event: OutlookEvent): { readonly calendarId: string; readonly eventId: string };
  /** Makes an event of an Outlook mailbox a series, as its owner does. */
  repeatOutlookEvent(repetition: OutlookRepetition): void;
  /** Copies an event of an Outlook mailbox with its properties, as its owner does. */
  copyOutlookEvent(copy: OutlookCopy): { readonly eventId: string };
  /** Answers an event of an Outlook calendar, as its owner does. */
  answerOutlookEvent(answer: OutlookAnswer): void;
  /** Invalidates all links of Outlook's change queries. Clients must list all events again. */
  expireDeltaLinks(): void;
  /** Sends a lifecycle event to the subscriptions of an Outlook mailbox. Resolves with the status of each call. */
  sendLifecycleEvent(event: OutlookLifecycleEvent): Promise<readonly string[]>;
  /** Adds a room to the organization at the vendor. */
  addRoom(vendor: RoomVendor, room: RoomOptions): Room;
  /**
   * Answers for a room, as a person does who approves its bookings.
   *
   * @throws {ControlError} when the room is no guest of the event.
   */
  answerRoom(vendor: RoomVendor, response: RoomResponse): void;
  /** Creates an Outlook mailbox, if it does not exist, and returns the id of its default calendar. */
  openMailbox(account: string): string;
  /**
   * Lets a person join a meeting: a conference of Meet by its code, or a meeting of Teams by its id; either by its link. The
   * first person starts a session, which the vendor reports as attendance.
   *
   * @throws {ControlError} when the meeting does not exist.
   */
  joinMeeting(vendor: SessionVendor, meeting: string, attendee: Attendee): void;
  /** Lets a person leave. @throws {ControlError} when the person is not in the meeting. */
  leaveMeeting(vendor: SessionVendor, meeting: string, attendee: Attendee): void;
  /** Ends the running session of a meeting for everybody. @throws {ControlError} when none is running. */
  endMeeting(vendor: SessionVendor, meeting: string): void;
  /**
   * Makes the code of a conference of Meet expire, as after a year without use:
   * https://developers.google.com/workspace/meet/api/reference/rest/v2/spaces (`meetingCode`). Its event keeps the link.
   *
   * @throws {ControlError} when the meeting does not exist.
   */
  expireConference(meeting: string): void;
  /**
   * Makes the files of the last session of a meeting of Meet or Teams. A running session is ended, and a meeting without
   * one gets one.
   *
   * @throws {ControlError} when the meeting does not exist.
   */
  recordSession(
    vendor: SessionVendor,
    meeting: string,
    spec: SessionRecordingSpec,
  ): readonly { readonly id: string; readonly size: number }[];
  /** Makes a meeting of Teams a part of an event of its organizer, as one that was scheduled in Outlook. */
  attachEvent(meeting: string): void;
  /** Moves a file of a session to the trash of its owner, or deletes it. */
  removeSessionFile(vendor: SessionVendor, file: string, action: 'trash' | 'delete'): void;
  /**
   * Simulates that a meeting started, ended, was recorded, or was deleted by its host.
   *
   * @throws {ControlError} when the meeting does not exist.
   */
  sendMeetingEvent(id: string, event: ZoomEvent): Promise<{ readonly webhook: string }>;
  /**
   * Makes the recording of a meeting of Zoom that has ended.
   *
   * @throws {ControlError} when the meeting does not exist.
   */
  recordMeeting(
    id: string,
    spec: RecordingSpec,
  ): { readonly uuid: string; readonly files: readonly { readonly id: string; readonly size: number }[] };
  /** Makes all tokens invalid that Zoom has issued for downloads. */
  expireDownloads(): void;
  /** Adds a file to a recording of Zoom, such as a transcript that is ready later. */
  addRecordingFile(uuid: string, file: RecordingFileSpec): void;
  /** Replaces the bytes of a file of a Zoom recording. Returns the seed and the size of the others. */
  replaceRecordingFile(
    uuid: string,
    replacement: RecordingReplacement,
  ): { readonly id: string; readonly size: number };
  /** Starts the recording of an open Zoom meeting, as its host does. */
  recordByHand(meetingId: string): void;
  /** Moves a recording to the trash of Zoom, or deletes it. */
  removeRecording(uuid: string, action: 'trash' | 'delete'): void;
  receiveText(inbound: InboundText): Promise<{ readonly sid: string; readonly webhook: string }>;
}

/** An invalid control request. The message names the valid values. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
}

export interface ControlParts {
  readonly google: Google;
  readonly microsoft: Microsoft;
  readonly zoom: Zoom;
  readonly apple: Apple;
  readonly twilio: Twilio;
  readonly faultRegistry: FaultRegistry;
  readonly calls: CallCounter;
}

/** Returns the authorization server of a vendor with a consent page. */
const serverOf = ({ google, microsoft, zoom }: ControlParts, vendor: Vendor): AuthorizationServer => {
  const servers = { google: google.server, microsoft: microsoft.server, zoom: zoom.server };
  const found = new Map<Vendor, AuthorizationServer>(
    (['google', 'microsoft', 'zoom'] as const).map((name) => [name, servers[name]]),
  ).get(vendor);
  if (!found) throw new ControlError(`${vendor} has no consent page. Use google, microsoft or zoom.`);
  return found;
};

/** Returns the id of a meeting at the vendor. */
const meetingOf = (parts: ControlParts, vendor: SessionVendor, meeting: string): string => {
  const found = parts[vendor].findMeeting(meeting);
  if (found === undefined) throw new ControlError(`${vendor} has no meeting ${meeting}.`);
  return found;
};

/** @throws {ControlError} when the vendor makes no such call. */
const checkOutgoing = (vendor: Vendor, { kind, operation }: Pick<Fault, 'kind' | 'operation'>): void => {
  const outgoing = operationNames(vendor).filter((name) => !isInbound(vendor, name));
  if (operation === undefined ? outgoing.length > 0 : outgoing.includes(operation)) return;
  throw new ControlError(
    `Only calls that ${vendor} makes can have the fault "${kind}". It has ${outgoing.join(', ') || 'none'}.`,
  );
};

/** Creates the control of a running sandbox. */
export const createControl = (parts: ControlParts): SandboxControl => {
  const { google, microsoft, zoom, apple, twilio, faultRegistry, calls } = parts;
  return {
    state: () => ({
      google: google.state(),
      microsoft: microsoft.state(),
      zoom: zoom.state(),
      apple: apple.state(),
      twilio: twilio.state(),
      faults: faultRegistry.active(),
      calls: calls.counts(),
    }),
    faults: () => faultRegistry.active(),
    setFault(vendor, request) {
      const fault = faultRequestSchema.parse(request);
      const operations = operationNames(vendor);
      if (fault.operation !== undefined && !operations.includes(fault.operation)) {
        throw new ControlError(
          `${vendor} has no operation "${fault.operation}". Use one of ${operations.join(', ')}, or omit it for all operations.`,
        );
      }
      if (fault.kind !== 'none' && isWebhookKind(fault.kind)) checkOutgoing(vendor, fault);
      if (fault.kind === 'none') faultRegistry.clear(vendor, fault.operation);
      else faultRegistry.set(vendor, fault);
    },
    clearFaults: () => faultRegistry.clearAll(),
    reset() {
      google.reset();
      microsoft.reset();
      zoom.reset();
      apple.reset();
      twilio.reset();
      faultRegistry.clearAll();
      calls.reset();
    },
    registerRedirects: (vendor, addresses) => serverOf(parts, vendor).redirects.register(addresses),
    expireTokens: (vendor) => serverOf(parts, vendor).grants.expireAccessTokens(),
    revokeGrants: (vendor, account) =>
      vendor === 'apple'
        ? apple.revokeAccount(account)
        : serverOf(parts, vendor).grants.revokeAccount(account),
    addBusy: (time) => google.addBusy(time),
    expireSyncTokens: () => google.expireSyncTokens(),
    expireSubscriptions: (vendor) => parts[vendor].expireSubscriptions(),
    addOutlookEvent: (event) => microsoft.addEvent(event),
    repeatOutlookEvent: (repetition) => microsoft.repeatEvent(repetition),
    copyOutlookEvent: (copy) => microsoft.copyEvent(copy),
    answerOutlookEvent: (answer) => microsoft.answerEvent(answer),
    expireDeltaLinks: () => microsoft.expireDeltaLinks(),
    sendLifecycleEvent: (event) => microsoft.sendLifecycleEvent(event),
    addRoom: (vendor, room) => parts[vendor].addRoom(room),
    answerRoom(vendor, response) {
      if (parts[vendor].answerRoom(response)) return;
      throw new ControlError(`${response.room} is no guest of the event ${response.eventId}.`);
    },
    openMailbox: (account) => microsoft.openMailbox(account),
    joinMeeting(vendor, meeting, attendee) {
      parts[vendor].sessions.join(meetingOf(parts, vendor, meeting), attendeeSchema.parse(attendee));
    },
    leaveMeeting(vendor, meeting, attendee) {
      if (parts[vendor].sessions.leave(meetingOf(parts, vendor, meeting), attendee)) return;
      throw new ControlError(`${attendee.name} is not in the meeting ${meeting}.`);
    },
    endMeeting(vendor, meeting) {
      if (parts[vendor].sessions.end(meetingOf(parts, vendor, meeting))) return;
      throw new ControlError(`No session of the meeting ${meeting} is running.`);
    },
    expireConference: (meeting) => google.expireConference(meetingOf(parts, 'google', meeting)),
    recordSession(vendor, meeting, spec) {
      const { sessions, recordings } = parts[vendor];
      const id = meetingOf(parts, vendor, meeting);
      if (sessions.of(id).length === 0) sessions.join(id, { name: 'Host' });
      sessions.end(id);
      const last = sessions.of(id).at(-1);
      if (!last) throw new ControlError(`The meeting ${meeting} has no session.`);
      return recordings.make(last, spec).map(({ id: file, size }) => ({ id: file, size }));
    },
    attachEvent: (meeting) => microsoft.attachEvent(meetingOf(parts, 'microsoft', meeting)),
    removeSessionFile: (vendor, file, action) => parts[vendor].recordings.remove(file, action),
    async sendMeetingEvent(id, event) {
      try {
        return { webhook: await zoom.sendEvent(id, event) };
      } catch (error) {
        throw error instanceof ZoomError ? new ControlError(error.message) : error;
      }
    },
    recordMeeting(id, spec) {
      try {
        return zoom.recordMeeting(id, spec);
      } catch (error) {
        throw error instanceof ZoomError ? new ControlError(error.message) : error;
      }
    },
    expireDownloads: () => zoom.expireDownloads(),
    addRecordingFile: (uuid, file) => void zoom.addRecordingFile(uuid, file),
    replaceRecordingFile: (uuid, replacement) => zoom.replaceRecordingFile(uuid, replacement),
    recordByHand: (meetingId) => zoom.recordByHand(meetingId),
    removeRecording: (uuid, action) => zoom.removeRecording(uuid, action),
    receiveText: (inbound) => twilio.receive(inbound),
  };
};
