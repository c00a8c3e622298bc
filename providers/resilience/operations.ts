/**
 * Every call that the service makes to a provider, as data: which account it draws on, whether its outcome says how the
 * provider is, and which quota it takes from.
 */
import type { VendorName } from '../../domain/errors.ts';
import type { Operation } from '../errors/error-table.ts';
import type { QuotaName } from './quotas.ts';

export interface CallOperation extends Operation {
  readonly provider: VendorName;
  /** Whose account at the provider it is made with. */
  readonly account: 'connection' | 'zoom_host' | 'twilio_account' | 'smtp_server';
  /** The journal is a mailbox of ours beside the mail server: it says nothing of the server, nor the server of it. */
  readonly circuit: boolean;
  /** `requests` as a rule: a call may take more, and the vendor's own answer of 429 remains for that. */
  readonly quota?: { readonly name: QuotaName; readonly requests: number };
}

const google = { provider: 'google', account: 'connection', circuit: true } as const;
const requests = (count: number) => ({ name: 'google.requests_per_minute', requests: count }) as const;
const zoom = { provider: 'zoom', account: 'zoom_host', circuit: true } as const;
const meetingWrite = { name: 'zoom.meeting_writes_per_day', requests: 1 } as const;
const twilio = { provider: 'twilio', account: 'twilio_account', circuit: true } as const;
const smtp = { provider: 'smtp', account: 'smtp_server' } as const;

export const operations = {
  freeBusy: { ...google, name: 'calendar.freeBusy', writes: false, quota: requests(1) },
  /** Read, then written; once more where somebody else wrote meanwhile. */
  putEvent: { ...google, name: 'calendar.putEvent', writes: true, quota: requests(2) },
  putConference: { ...google, name: 'calendar.putConference', writes: true, quota: requests(3) },
  deleteEvent: { ...google, name: 'calendar.deleteEvent', writes: true, quota: requests(1) },
  findMeetings: { ...zoom, name: 'meetings.find', writes: false },
  createMeeting: { ...zoom, name: 'meetings.create', writes: true, quota: meetingWrite },
  moveMeeting: { ...zoom, name: 'meetings.move', writes: true, quota: meetingWrite },
  /** Not counted by Zoom: an undo must not wait for tomorrow. https://devforum.zoom.us/t/59670 */
  removeMeeting: { ...zoom, name: 'meetings.remove', writes: true },
  findTextMessage: { ...twilio, name: 'messages.find', writes: false },
  sendTextMessage: { ...twilio, name: 'messages.send', writes: true },
  findEmail: { ...smtp, name: 'email.find', writes: false, circuit: false },
  sendEmail: { ...smtp, name: 'email.send', writes: true, circuit: true },
} as const satisfies Readonly<Record<string, CallOperation>>;
