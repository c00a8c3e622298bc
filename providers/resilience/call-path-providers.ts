/** The providers, with every call on the one path. */
import type { ConnectionId } from '../../domain/ids.ts';
import type { CallContext, OpenConnection, Providers } from '../ports.ts';
import type { SmtpSettings } from '../smtp/settings.ts';
import type { TwilioSettings } from '../twilio/settings.ts';
import type { ZoomSettings } from '../zoom/settings.ts';
import type { CallAccount, CallPath } from './call-path.ts';
import { type CallOperation, operations } from './operations.ts';

/** The accounts of ours that all organizations use, by what makes two of them different ones at the vendor. */
export interface SharedAccounts {
  readonly zoomHost: string;
  readonly twilioAccount: string;
  readonly smtpServer: string;
}

export const sharedAccountsOf = ({
  zoom,
  twilio,
  smtp,
}: {
  readonly zoom: Pick<ZoomSettings, 'accountId' | 'hostUser'>;
  readonly twilio: Pick<TwilioSettings, 'accountSid'>;
  readonly smtp: Pick<SmtpSettings, 'url'>;
}): SharedAccounts => ({
  zoomHost: `${zoom.accountId}/${zoom.hostUser ?? 'me'}`,
  twilioAccount: twilio.accountSid,
  smtpServer: new URL(smtp.url).host,
});

/** Behaves as `providers` does, but for calls that are held back by an open circuit or a spent quota. */
export const throughCallPath = (
  { calendars, meetings, textMessages, email }: Providers,
  path: CallPath,
  accounts: SharedAccounts,
): Providers => {
  const { google } = calendars;
  const { zoom } = meetings;
  const withConnection = <Result>(
    operation: CallOperation,
    connection: OpenConnection,
    call: CallContext,
    perform: () => Promise<Result>,
  ) => path.run(operation, ofConnection(connection), call, perform);
  const withShared =
    (account: string) =>
    <Result>(operation: CallOperation, call: CallContext, perform: () => Promise<Result>) =>
      path.run(operation, { account }, call, perform);
  const atZoom = withShared(accounts.zoomHost);
  const atTwilio = withShared(accounts.twilioAccount);
  const atSmtp = withShared(accounts.smtpServer);

  return {
    calendars: {
      google: {
        name: google.name,
        freeBusy: (connection, calendarIds, window, call) =>
          withConnection(operations.freeBusy, connection, call, () =>
            google.freeBusy(connection, calendarIds, window, call),
          ),
        putEvent: (connection, event, call) =>
          withConnection(operations.putEvent, connection, call, () =>
            google.putEvent(connection, event, call),
          ),
        putConference: (connection, event, call) =>
          withConnection(operations.putConference, connection, call, () =>
            google.putConference(connection, event, call),
          ),
        deleteEvent: (connection, calendarId, eventId, call) =>
          withConnection(operations.deleteEvent, connection, call, () =>
            google.deleteEvent(connection, calendarId, eventId, call),
          ),
      },
    },
    meetings: {
      zoom: {
        name: zoom.name,
        find: (reference, around, call) =>
          atZoom(operations.findMeetings, call, () => zoom.find(reference, around, call)),
        create: (spec, call) => atZoom(operations.createMeeting, call, () => zoom.create(spec, call)),
        move: (meetingId, spec, call) =>
          atZoom(operations.moveMeeting, call, () => zoom.move(meetingId, spec, call)),
        remove: (meetingId, call) =>
          atZoom(operations.removeMeeting, call, () => zoom.remove(meetingId, call)),
      },
    },
    textMessages: {
      name: textMessages.name,
      find: (message, since, call) =>
        atTwilio(operations.findTextMessage, call, () => textMessages.find(message, since, call)),
      send: (message, call) =>
        atTwilio(operations.sendTextMessage, call, () => textMessages.send(message, call)),
    },
    email: {
      name: email.name,
      find: (messageId, call) => atSmtp(operations.findEmail, call, () => email.find(messageId, call)),
      send: (message, beforeHandover, call) =>
        atSmtp(operations.sendEmail, call, () => email.send(message, beforeHandover, call)),
    },
  };
};

const ofConnection = ({
  id,
  organization,
}: Pick<OpenConnection, 'id' | 'organization'>): CallAccount & { readonly connection: ConnectionId } => ({
  account: id,
  connection: id,
  organization,
});
