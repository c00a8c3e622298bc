/** Google's OAuth client, kept to our rules: its addresses can be set, and it repeats nothing by itself. */
import { auth } from 'googleapis/build/src/apis/calendar/index.js';
import type { GoogleEndpoints } from './endpoints.ts';
import { eagerRefreshMs, type GoogleSettings, googleDeadlineMs } from './settings.ts';

export type OAuthClient = InstanceType<typeof auth.OAuth2>;

/** `signal` ends its requests; the library takes none itself. */
export const createOAuthClient = (
  { clientId, clientSecret }: Pick<GoogleSettings, 'clientId' | 'clientSecret'>,
  endpoints: GoogleEndpoints,
  signal?: AbortSignal,
): OAuthClient => {
  const oauth = new auth.OAuth2({
    clientId,
    clientSecret,
    // Heeded by this form of the constructor only.
    endpoints: {
      oauth2AuthBaseUrl: endpoints.authorize,
      oauth2TokenUrl: endpoints.token,
      oauth2RevokeUrl: endpoints.revoke,
    },
    eagerRefreshThresholdMillis: eagerRefreshMs,
    transporterOptions: { timeout: googleDeadlineMs },
  });
  // Left alone, the library repeats what failed, its token requests whatever it is told: here it can be told.
  oauth.transporter.interceptors.request.add({
    resolved: async (request) => {
      request.retryConfig = { retry: 0 };
      if (signal) request.signal = signal;
      return request;
    },
  });
  return oauth;
};
