/**
 * The browser in which a person connects accounts: a cookie that says that it is the same one, and forms that only our
 * own page can have sent (OWASP: a signed token tied to the cookie, and the Origin header beside it).
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../domain/errors.ts';
import { createTokenSigner } from '../../foundation/links/signed-token.ts';
import type { ApiDependencies } from '../dependencies.ts';

export interface BrowserSessions {
  /** What the browser's cookie says, where it has one of ours. */
  readSecret(request: FastifyRequest): string | undefined;
  /** The browser's secret; it is given one with this answer where it has none. */
  ensureSecret(request: FastifyRequest, reply: FastifyReply): string;
  /** The page to come back to, in this browser only. */
  setReturnPage(reply: FastifyReply, token: string): void;
  readReturnPage(request: FastifyRequest): string | undefined;
  /** For the form of the page that this token opens. */
  formToken(browser: string, page: string): string;
  /** @throws {Refusal} `foreign_form` for a form that our page in this browser has not sent. */
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
    'This form was not sent by our page, or the browser has forgotten us since.',
    'Open the page again, allow its cookie, and try once more.',
  );

export const createBrowserSessions = ({
  configuration,
}: Pick<ApiDependencies, 'configuration'>): BrowserSessions => {
  const { origin, protocol } = new URL(configuration.publicUrl);
  const isSecure = protocol === 'https:';
  // With the prefix, no other host of the site can set it, nor an answer without TLS (RFC 6265bis section 4.1.3).
  const prefix = isSecure ? '__Host-' : '';
  const [browserCookie, pageCookie] = [`${prefix}castmatch-browser`, `${prefix}castmatch-page`];
  // Lax: it has to come along when the provider sends the person back.
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
      // Old browsers send none with a form; the token has to do then.
      const sentFrom = request.headers.origin ?? origin;
      if (!isOurs || sentFrom !== origin) throw foreignForm();
      return browser;
    },
  };
};
