/**
 * The browser in which a person connects accounts: a cookie that says that it is the same one, and forms that only our
 * own page can have sent (OWASP: a signed token tied to the cookie, and the Origin header beside it).
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../../domain/errors.ts';
import { createSignedTokens } from '../../foundation/links/signed-token.ts';
import type { ApiDependencies } from '../dependencies.ts';

export interface Browsers {
  /** What the browser's cookie says, where it has one of ours. */
  known(request: FastifyRequest): string | undefined;
  /** The browser's secret; it is given one with this answer where it has none. */
  remember(request: FastifyRequest, reply: FastifyReply): string;
  /** The page to come back to, in this browser only. */
  rememberPage(reply: FastifyReply, token: string): void;
  pageToReturnTo(request: FastifyRequest): string | undefined;
  /** For the form of the page that this token opens. */
  formToken(browser: string, page: string): string;
  /** @throws {Refusal} `foreign_form` for a form that our page in this browser has not sent. */
  checkForm(request: FastifyRequest, page: string, given: string | undefined): string;
}

/** 256 random bits, as base64url. */
const secretForm = /^[A-Za-z0-9_-]{43}$/;

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');

const same = (a: string, b: string): boolean =>
  timingSafeEqual(Buffer.from(digest(a)), Buffer.from(digest(b)));

const foreignForm = (): Refusal =>
  new Refusal(
    'foreign_form',
    'This form was not sent by our page, or the browser has forgotten us since.',
    'Open the page again, allow its cookie, and try once more.',
  );

export const createBrowsers = ({ configuration }: Pick<ApiDependencies, 'configuration'>): Browsers => {
  const { origin, protocol } = new URL(configuration.publicUrl);
  const isSecure = protocol === 'https:';
  // With the prefix, no other host of the site can set it, nor an answer without TLS (RFC 6265bis section 4.1.3).
  const prefix = isSecure ? '__Host-' : '';
  const [browserCookie, pageCookie] = [`${prefix}castmatch-browser`, `${prefix}castmatch-page`];
  // Lax: it has to come along when the provider sends the person back.
  const options = { path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure } as const;
  const forms = createSignedTokens(configuration.masterKeys, 'castmatch connection form v1');

  const known = ({ cookies }: FastifyRequest): string | undefined => {
    const secret = cookies[browserCookie];
    return secret !== undefined && secretForm.test(secret) ? secret : undefined;
  };

  return {
    known,
    remember(request, reply) {
      const secret = known(request) ?? randomBytes(32).toString('base64url');
      reply.setCookie(browserCookie, secret, options);
      return secret;
    },
    rememberPage: (reply, token) => {
      reply.setCookie(pageCookie, token, options);
    },
    pageToReturnTo: ({ cookies }) => cookies[pageCookie],
    formToken: (browser, page) => forms.write([digest(browser), digest(page)]),
    checkForm(request, page, given) {
      const browser = known(request);
      const [ofBrowser, ofPage] = forms.read(given ?? '') ?? [];
      if (browser === undefined || ofBrowser === undefined || ofPage === undefined) throw foreignForm();
      const isOurs = same(ofBrowser, digest(browser)) && same(ofPage, digest(page));
      // Old browsers send none with a form; the token has to do then.
      const sentFrom = request.headers.origin ?? origin;
      if (!isOurs || sentFrom !== origin) throw foreignForm();
      return browser;
    },
  };
};
