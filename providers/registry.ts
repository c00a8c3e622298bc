/** Constructs every provider and its settings. Steps for a new one: docs/adding-a-provider.md. */

import type { z } from 'zod';
import type { AddressProvider, VendorName } from '../domain/providers/vendors.ts';
import { createAppleAuthorizer } from './apple/account.ts';
import { createCaldavCalendar } from './apple/calendar.ts';
import { createCaldavChanges } from './apple/changes.ts';
import { createAppleCheck } from './apple/health.ts';
import { type AppleSettings, appleSettingsOf, appleVariables } from './apple/settings.ts';
import { createGoogleCalendar } from './google/calendar.ts';
import { createGoogleChanges } from './google/changes.ts';
import { createGoogleClient } from './google/client.ts';
import { createGoogleCheck } from './google/health.ts';
import { createGoogleAuthorizer } from './google/oauth.ts';
import { createMeetRecordings } from './google/recordings.ts';
import { type GoogleSettings, googleSettingsOf, googleVariables } from './google/settings.ts';
import { createFeedAuthorizer } from './ics/account.ts';
import { createFeedCalendar } from './ics/calendar.ts';
import { createFeedChanges } from './ics/changes.ts';
import { createFeedReader } from './ics/feed-reader.ts';
import { createOutlookCalendar } from './microsoft/calendar.ts';
import { createOutlookChanges } from './microsoft/changes.ts';
import { createGraphClient } from './microsoft/graph-client.ts';
import { createMicrosoftCheck } from './microsoft/health.ts';
import { createMicrosoftAuthorizer } from './microsoft/oauth.ts';
import { createTeamsMeetings } from './microsoft/online-meetings.ts';
import { createTeamsRecordings } from './microsoft/recordings.ts';
import { type MicrosoftSettings, microsoftSettingsOf, microsoftVariables } from './microsoft/settings.ts';
import type { Authorizers } from './oauth/authorizers.ts';
import { createOutboundDispatcher } from './outbound/dispatcher.ts';
import { createGuardedDownload } from './outbound/guarded-download.ts';
import { createGuardedFetch } from './outbound/guarded-fetch.ts';
import type { Providers, SharedAccounts } from './ports.ts';
import { createSmtpClient } from './smtp/client.ts';
import { createSmtpEmail } from './smtp/email.ts';
import { createSmtpCheck } from './smtp/health.ts';
import { createMailJournal } from './smtp/journal.ts';
import { type SmtpSettings, smtpSettingsOf, smtpVariables } from './smtp/settings.ts';
import { type StorageSettings, storageSettingsOf, storageVariables } from './storage/settings.ts';
import { createStorage } from './storage/storage.ts';
import { createTwilioClient } from './twilio/client.ts';
import { createTwilioCheck } from './twilio/health.ts';
import { type TwilioSettings, twilioSettingsOf, twilioVariables } from './twilio/settings.ts';
import { createTwilioTextMessages } from './twilio/text-messages.ts';
import type { ReportUnreadable } from './unreadable-events.ts';
import { createZoomClient } from './zoom/client.ts';
import { createZoomCheck } from './zoom/health.ts';
import { createZoomMeetings } from './zoom/meetings.ts';
import { createZoomAuthorizer } from './zoom/oauth.ts';
import { createZoomRecordings } from './zoom/recordings.ts';
import { createZoomRegistrants } from './zoom/registrants.ts';
import { type ZoomSettings, zoomSettingsOf, zoomVariables } from './zoom/settings.ts';

export interface ProviderSettings {
  readonly google: GoogleSettings;
  readonly microsoft: MicrosoftSettings;
  readonly apple: AppleSettings;
  /** In CIDR notation: private networks in which a server that the owner entered is allowed. */
  readonly allowedPrivateNetworks: readonly string[];
  readonly zoom: ZoomSettings;
  readonly twilio: TwilioSettings;
  readonly smtp: SmtpSettings;
  readonly storage: StorageSettings;
}

export interface ProviderRegistry extends Providers {
  /** Connect accounts and refresh their access tokens. */
  readonly authorizers: Authorizers;
  /**
   * One health check per vendor, except those whose every account has a server of its own: a cheap call that resolves when the vendor answers and accepts our credentials.
   *
   * @throws {ProviderError} otherwise.
   */
  readonly checks: Readonly<Record<Exclude<VendorName, AddressProvider>, () => Promise<void>>>;
  /** The service's own accounts, shared by all organizations. */
  readonly sharedAccounts: SharedAccounts;
  /** Closes the connection pools after the running calls have finished. */
  close(): Promise<void>;
}

/** The environment variables of every vendor, in the order of docs/configuration.md. */
export const providerVariables = [
  googleVariables,
  microsoftVariables,
  appleVariables,
  zoomVariables,
  twilioVariables,
  smtpVariables,
  storageVariables,
] as const;

export const providerShape = {
  ...googleVariables.shape,
  ...microsoftVariables.shape,
  ...appleVariables.shape,
  ...zoomVariables.shape,
  ...twilioVariables.shape,
  ...smtpVariables.shape,
  ...storageVariables.shape,
};

/** Returns the settings of every vendor from its variables. */
export const providerSettingsOf = (set: z.output<z.ZodObject<typeof providerShape>>) => ({
  google: googleSettingsOf(set),
  microsoft: microsoftSettingsOf(set),
  apple: appleSettingsOf(set),
  zoom: zoomSettingsOf(set),
  twilio: twilioSettingsOf(set),
  smtp: smtpSettingsOf(set),
  storage: storageSettingsOf(set),
});

/**
 * Constructs the providers. Makes no call.
 *
 * @param reportUnreadable is called with the damaged events of a calendar.
 */
export const createProviders = (
  settings: ProviderSettings,
  reportUnreadable: ReportUnreadable = () => {},
): ProviderRegistry => {
  const google = createGoogleClient(settings.google);
  const graph = createGraphClient(settings.microsoft);
  const zoom = createZoomClient(settings.zoom);
  const twilio = createTwilioClient(settings.twilio);
  const smtp = createSmtpClient(settings.smtp);
  const { journalUrl } = settings.smtp;
  const { allowedPrivateNetworks } = settings;
  const outbound = createOutboundDispatcher({ allowedPrivateNetworks });
  const fetchFor = (home: URL) => createGuardedFetch(outbound, home);
  const download = createGuardedDownload(outbound);
  const feeds = createFeedReader(fetchFor);
  const { storage, check: checkStorage, close: closeStorage } = createStorage(settings.storage);
  return {
    calendars: {
      google: createGoogleCalendar(google, reportUnreadable),
      microsoft: createOutlookCalendar(graph, reportUnreadable),
      apple: createCaldavCalendar(fetchFor, reportUnreadable),
      ics: createFeedCalendar(feeds, reportUnreadable),
    },
    calendarChanges: {
      google: createGoogleChanges(google, {
        requestsPerMinute: settings.google.quotas?.['google.requests_per_minute'],
        reportUnreadable,
      }),
      microsoft: createOutlookChanges(graph, { reportUnreadable }),
      apple: createCaldavChanges(fetchFor, reportUnreadable),
      ics: createFeedChanges(feeds, reportUnreadable),
    },
    meetings: {
      zoom: createZoomMeetings(zoom, settings.zoom.hostUsers),
      microsoft_teams: createTeamsMeetings(graph),
    },
    textMessages: createTwilioTextMessages(twilio, settings.twilio.messagingServiceSid),
    email: createSmtpEmail(smtp, settings.smtp.from, journalUrl ? createMailJournal(journalUrl) : undefined),
    recordings: {
      zoom: createZoomRecordings(zoom, settings.zoom, download),
      google_meet: createMeetRecordings(google, settings.google, download),
      microsoft_teams: createTeamsRecordings(graph, settings.microsoft, download),
    },
    registrants: { zoom: createZoomRegistrants(zoom) },
    storage,
    authorizers: {
      oauth: {
        google: createGoogleAuthorizer(settings.google),
        microsoft: createMicrosoftAuthorizer(settings.microsoft),
        zoom: createZoomAuthorizer(settings.zoom),
      },
      apple: createAppleAuthorizer(settings.apple, fetchFor),
      ics: createFeedAuthorizer(feeds),
    },
    checks: {
      google: createGoogleCheck(settings.google),
      microsoft: createMicrosoftCheck(settings.microsoft),
      apple: createAppleCheck(settings.apple, fetchFor),
      zoom: createZoomCheck(zoom, settings.zoom.hostUsers?.[0]),
      twilio: createTwilioCheck(twilio),
      smtp: createSmtpCheck(smtp),
      storage: checkStorage,
    },
    sharedAccounts: {
      zoom: settings.zoom.accountId,
      twilio: settings.twilio.accountSid,
      smtp: new URL(settings.smtp.url).host,
    },
    close: async () => {
      smtp.close();
      closeStorage();
      await Promise.all([zoom.close(), outbound.close()]);
    },
  };
};
