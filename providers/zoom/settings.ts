/** Zoom's facts. */

export interface ZoomSettings {
  /** With its path: `https://api.zoom.us/v2`. */
  readonly apiUrl: string;
  readonly oauthUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly accountId: string;
  /** Whose meetings they are: a user's id or address; the account's own user by default. */
  readonly hostUser?: string | undefined;
  /** The app through which people connect accounts of their own; without it they cannot. */
  readonly userApp?: { readonly clientId: string; readonly clientSecret: string } | undefined;
}

export const zoomDeadlineMs = 10_000;

/** A token that expires within this time is not used any more; Zoom's live for an hour. */
export const tokenMarginMs = 60_000;

/** The largest page of https://developers.zoom.us/docs/api/meetings/#tag/meetings/GET/users/{userId}/meetings */
export const meetingsPerPage = 300;
/** Pages read before we take it that Zoom is walking in circles. */
export const pagesAtMost = 100;

export const zoomConnections = 16;

/**
 * What people are asked for: https://developers.zoom.us/docs/integrations/oauth-scopes-granular/. Which of them the page
 * offers is set in the app, not in the request.
 */
export const zoomScopes = {
  required: [
    'user:read:user',
    'meeting:write:meeting',
    'meeting:read:meeting',
    'meeting:read:list_meetings',
    'meeting:update:meeting',
    'meeting:delete:meeting',
  ],
  optional: [],
} as const;

/** An older app has the classic scopes, each of which stands for several. */
export const zoomScopesMeant: Readonly<Record<string, readonly string[]>> = {
  'user:read': ['user:read:user'],
  'meeting:read': ['meeting:read:meeting', 'meeting:read:list_meetings'],
  'meeting:write': ['meeting:write:meeting', 'meeting:update:meeting', 'meeting:delete:meeting'],
};
