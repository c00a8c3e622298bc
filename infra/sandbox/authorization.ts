/** Parses the two Authorization schemes that the vendors use. */

/** Returns the token of `Authorization: Bearer …`. */
export const parseBearerToken = (header: string | undefined): string | undefined =>
  /^Bearer +([^ ]+)$/i.exec(header ?? '')?.[1];

export interface BasicCredentials {
  readonly user: string;
  readonly password: string;
}

/** Returns the credentials of `Authorization: Basic …` (RFC 7617). */
export const parseBasicCredentials = (header: string | undefined): BasicCredentials | undefined => {
  const encoded = /^Basic +([^ ]+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon < 0 ? undefined : { user: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
};
