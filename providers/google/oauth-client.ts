/** Creates Google's OAuth client with configurable endpoints and without retries. */
import { auth } from 'googleapis/build/src/apis/calendar/index.js';
import type { GoogleEndpoints } from './endpoints.ts';
import { eagerRefreshMs, type GoogleSettings, googleDeadlineMs } from './settings.ts';

export type OAuthClient = InstanceType<typeof auth.OAuth2>;

/** Returns a client for one exchange. `signal` aborts its requests; the library has no option for one. */
export const createOAuthClient = (
  { clientId, clientSecret }: Pick<GoogleSettings, 'clientId' | 'clientSecret'>,
  endpoints: GoogleEndpoints,
  signal?: AbortSignal,
): OAuthClient => {
  const oauth = new auth.OAuth2({
    clientId,
    clientSecret,
    // Only this form of the constructor uses `endpoints`.
    endpoints: {
      oauth2AuthBaseUrl: endpoints.authorize,
      oauth2TokenUrl: endpoints.token,
      oauth2RevokeUrl: endpoints.revoke,
    },
    eagerRefreshThresholdMillis: eagerRefreshMs,
    transporterOptions: { timeout: googleDeadlineMs },
  });
  // The library retries failed requests, and ignores the options that disable this for token requests. The interceptor works.
  oauth.transporter.interceptors.request.add({
    resolved: async (request) => {
      request.retryConfig = { retry: 0 };
      if (signal) request.signal = signal;
      return request;
    },
  });
  return oauth;
};
