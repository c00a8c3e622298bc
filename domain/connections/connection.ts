/** Authorized links to provider accounts: what is true of them whoever the provider is. */
export const connectionStatuses = ['connected', 'needs_reauthorization', 'disconnected'] as const;
export type ConnectionStatus = (typeof connectionStatuses)[number];

/** Why a connection is not connected. */
export const connectionStatusReasons = [
  /** The provider takes the refresh token no more: revoked, unused for too long, a changed password. */
  'grant_refused',
  /** A rotated refresh token was lost between the provider's answer and our record of it. */
  'refresh_lost',
  /** The consent no longer covers what we need. */
  'scopes_missing',
  /** The provider told us that the person has taken the app away. */
  'deauthorized',
  /** The person, or the platform for them, disconnected it here. */
  'disconnected_here',
] as const;
export type ConnectionStatusReason = (typeof connectionStatusReasons)[number];
