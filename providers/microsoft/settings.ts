/** Microsoft's facts. */

export interface MicrosoftSettings {
  readonly graphUrl: string;
  readonly loginUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** `common`, `organizations`, or a tenant of one's own. */
  readonly tenantId: string;
}

/** One exchange with Microsoft; the activity's own timeout is longer. */
export const microsoftDeadlineMs = 10_000;

/** About the sign-in: the library adds them to whatever is asked for. */
export const signInScopes = ['openid', 'profile', 'offline_access'] as const;

/**
 * https://learn.microsoft.com/graph/permissions-reference and, for the first three,
 * https://learn.microsoft.com/entra/identity-platform/scopes-oidc. None of them needs an administrator, unless the
 * tenant says so. Online meetings are for work and school accounts only.
 */
export const microsoftScopes = {
  required: [...signInScopes, 'Calendars.ReadWrite'],
  optional: ['OnlineMeetings.ReadWrite'],
} as const;

/** Those that an access token is asked for: the others are about the sign-in, and the library adds them. */
export const graphScopes = ['Calendars.ReadWrite'] as const;
