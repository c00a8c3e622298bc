/**
 * What an account has granted, spelled as `OAuthAuthorizer.scopes` spells it: vendors answer with other names than they
 * were asked with, and a wider scope may stand for several of ours.
 */
export const normalizeScopes = (
  answered: readonly string[],
  meaning: Readonly<Record<string, readonly string[]>> = {},
): readonly string[] => [...new Set(answered.flatMap((scope) => [scope, ...(meaning[scope] ?? [])]))];

/** The list as it stands in an answer (RFC 6749, section 3.3). */
export const splitScopes = (text: string): readonly string[] => text.split(/[\s,]+/).filter(Boolean);
