/** Submits a vendor's consent page without a browser. */
import { createHash, randomBytes } from 'node:crypto';

/** Returns a redirect URI that the sandbox accepts: it registers every port of 127.0.0.1. */
export const callbackOf = (provider: string): string =>
  `http://127.0.0.1:3000/v1/connections/${provider}/callback`;

export interface ConsentDecision {
  readonly account?: string;
  /** The scopes that stay ticked; all of them by default. */
  readonly grantedScopes?: readonly string[];
  readonly decision?: 'allow' | 'deny';
}

/** Submits the form of the consent page. Returns the redirect, or the error page when the request is rejected. */
export const submitConsent = async (authorizationUrl: string, decision: ConsentDecision = {}) => {
  const page = await fetch(authorizationUrl, { redirect: 'manual' });
  const html = await page.text();
  if (page.status !== 200) return landed(page, html);
  const boxes = [...html.matchAll(/type="checkbox" name="scope" value="([^"]*)" checked ([a-z]*)/g)];
  const offered = boxes.filter(([, , disabled]) => disabled === '').map(([, scope = '']) => scope);
  const ticked = offered.filter((scope) => decision.grantedScopes?.includes(scope) ?? true);
  const form = new URLSearchParams({
    account: decision.account ?? 'ann@example.com',
    decision: decision.decision ?? 'allow',
  });
  for (const scope of ticked) form.append('scope', scope);
  const answer = await fetch(authorizationUrl, { method: 'POST', body: form, redirect: 'manual' });
  return landed(answer, await answer.text());
};

const landed = (answer: Response, html: string) => {
  const location = answer.headers.get('location') ?? undefined;
  const back: Readonly<Record<string, string>> =
    location === undefined ? {} : Object.fromEntries(new URL(location).searchParams);
  return { status: answer.status, location, html, back };
};

/** Creates a PKCE verifier and its S256 challenge (RFC 7636, section 4). */
export const createPkce = () => {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
};
