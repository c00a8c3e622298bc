/** The statuses of a connection (an authorized link to a provider account), the same for all providers. */
export const connectionStatuses = ['connected', 'needs_reauthorization', 'disconnected'] as const;
export type ConnectionStatus = (typeof connectionStatuses)[number];

/** Why a connection is not connected. */
export const connectionStatusReasons = [
  /** The provider rejects the refresh token: revoked, unused for too long, or password changed. */
  'grant_refused',
  /** A rotated refresh token was lost between the provider's response and our database. */
  'refresh_lost',
  /** The consent does not cover all required scopes. */
  'scopes_missing',
  /** The provider reported that the owner removed our app. */
  'deauthorized',
  /** The owner, or the platform on the owner's behalf, disconnected it through our API. */
  'disconnected_here',
] as const;
export type ConnectionStatusReason = (typeof connectionStatusReasons)[number];
