/** Renders the consent page, and the error page for an invalid authorization request. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Eta } from 'eta';

export interface ConsentView {
  readonly vendor: string;
  readonly name: string;
  readonly accounts: readonly string[];
  readonly account: string;
  readonly scopes: readonly { readonly scope: string; readonly about: string; readonly fixed: boolean }[];
  readonly backTo: string;
}

export interface ConsentErrorView {
  readonly vendor: string;
  readonly name: string;
  readonly error: string;
  readonly message: string;
}

const eta = new Eta({ views: join(import.meta.dirname, 'templates'), cache: true });

/**
 * Headers of the pages. The policy allows no scripts and no foreign resources. It does not restrict
 * `form-action`, because browsers also apply that to the redirect after the form, which leads back to the
 * app.
 */
export const consentHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
} as const;

/** The style sheet of the pages. */
export const consentStyle = readFileSync(join(import.meta.dirname, 'assets', 'consent.css'), 'utf8');

/** Returns the HTML of the consent page. */
export const renderConsent = (view: ConsentView): string => eta.render('consent', view);

/** Returns the HTML of the error page. */
export const renderConsentError = (view: ConsentErrorView): string => eta.render('refusal', view);
