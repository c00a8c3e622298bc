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
}

export const zoomDeadlineMs = 10_000;

/** A token that expires within this time is not used any more; Zoom's live for an hour. */
export const tokenMarginMs = 60_000;

/** The largest page of https://developers.zoom.us/docs/api/meetings/#tag/meetings/GET/users/{userId}/meetings */
export const meetingsPerPage = 300;
/** Pages read before we take it that Zoom is walking in circles. */
export const pagesAtMost = 100;

export const zoomConnections = 16;
