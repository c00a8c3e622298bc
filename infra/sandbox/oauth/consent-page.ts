/** What a person sees who is asked to let an app in, and what they see when the app has asked wrongly. */
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
 * No script, and nothing from elsewhere. `form-action` is left open: browsers apply it to the redirects after the form
 * as well, and those lead back to the app.
 */
export const consentHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
} as const;

export const consentStyle = readFileSync(join(import.meta.dirname, 'assets', 'consent.css'), 'utf8');

export const renderConsent = (view: ConsentView): string => eta.render('consent', view);

export const renderConsentError = (view: ConsentErrorView): string => eta.render('refusal', view);
