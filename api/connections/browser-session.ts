/**
 * Identifies the browser in which a person connects accounts by a cookie, and protects the page's forms against CSRF
 * (OWASP: a signed token that is bound to the cookie, plus a check of the Origin header).
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../domain/errors.ts';
import { createTokenSigner } from '../../foundation/links/signed-token.ts';
import type { ApiDependencies } from '../dependencies.ts';

export interface BrowserSessions {
  /** Returns the secret from the browser's cookie; undefined without a valid cookie. */
  readSecret(request: FastifyRequest): string | undefined;
  /** Returns the browser's secret. Sets the cookie on the response, with a new secret if there was none. */
  ensureSecret(request: FastifyRequest, reply: FastifyReply): string;
  /** Stores the page to return to in a cookie of this browser. */
  setReturnPage(reply: FastifyReply, token: string): void;
  readReturnPage(request: FastifyRequest): string | undefined;
  /** Returns the CSRF token for the forms of a page. `page` is the token of the page's link. */
  formToken(browser: string, page: string): string;
  /**
   * Checks the CSRF token and the Origin header of a form, and returns the browser's secret.
   * @throws {Refusal} `foreign_form` when the form was not sent by our page in this browser.
   */
  verifyForm(request: FastifyRequest, page: string, given: string | undefined): string;
}

/** 256 random bits, as base64url. */
const secretForm = /^[A-Za-z0-9_-]{43}$/;

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');

const isEqualInConstantTime = (a: string, b: string): boolean =>
  timingSafeEqual(Buffer.from(digest(a)), Buffer.from(digest(b)));

const foreignForm = (): Refusal =>
  new Refusal(
    'foreign_form',
    'This form was not sent by our page, or the cookie of the browser is missing.',
    'Open the page again, allow its cookie, and try again.',
  );

/** Creates the sessions. Secrets and tokens are not stored: both are verified from the cookie and the signature. */
export const createBrowserSessions = ({
  configuration,
}: Pick<ApiDependencies, 'configuration'>): BrowserSessions => {
  const { origin, protocol } = new URL(configuration.publicUrl);
  const isSecure = protocol === 'https:';
  // With the prefix, neither another host of the site nor a response without TLS can set the cookie
  // (RFC 6265bis section 4.1.3).
  const prefix = isSecure ? '__Host-' : '';
  const [browserCookie, pageCookie] = [`${prefix}castmatch-browser`, `${prefix}castmatch-page`];
  // Lax: the browser must send the cookie when the provider redirects the person back.
  const options = { path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure } as const;
  const forms = createTokenSigner(configuration.masterKeys, 'castmatch connection form v1');

  const readSecret = ({ cookies }: FastifyRequest): string | undefined => {
    const secret = cookies[browserCookie];
    return secret !== undefined && secretForm.test(secret) ? secret : undefined;
  };

  return {
    readSecret,
    ensureSecret(request, reply) {
      const secret = readSecret(request) ?? randomBytes(32).toString('base64url');
      reply.setCookie(browserCookie, secret, options);
      return secret;
    },
    setReturnPage: (reply, token) => {
      reply.setCookie(pageCookie, token, options);
    },
    readReturnPage: ({ cookies }) => cookies[pageCookie],
    formToken: (browser, page) => forms.sign([digest(browser), digest(page)]),
    verifyForm(request, page, given) {
      const browser = readSecret(request);
      const [ofBrowser, ofPage] = forms.verify(given ?? '') ?? [];
      if (browser === undefined || ofBrowser === undefined || ofPage === undefined) throw foreignForm();
      const isOurs =
        isEqualInConstantTime(ofBrowser, digest(browser)) && isEqualInConstantTime(ofPage, digest(page));
      // Old browsers send no Origin header with a form; then only the token is checked.
      const formOrigin = request.headers.origin ?? origin;
      if (!isOurs || formOrigin !== origin) throw foreignForm();
      return browser;
    },
  };
};
