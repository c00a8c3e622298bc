/**
 * Returns the granted scopes in the spelling of `OAuthAuthorizer.scopes`. Vendors answer with other names than those
 * requested, and a wider scope can include several of ours.
 *
 * @param meaning a vendor's scope, with our scopes that it includes.
 */
export const normalizeScopes = (
  answered: readonly string[],
  meaning: Readonly<Record<string, readonly string[]>> = {},
): readonly string[] => [...new Set(answered.flatMap((scope) => [scope, ...(meaning[scope] ?? [])]))];

/** Splits the scope list of an answer (RFC 6749, section 3.3; also with commas). */
export const splitScopes = (text: string): readonly string[] => text.split(/[\s,]+/).filter(Boolean);
