/** The page on which a person connects accounts, and what else they may come to read there. Forms only, no script. */
import { join } from 'node:path';
import { Eta } from 'eta';
import { DateTime } from 'luxon';
import type { Connection } from '../../../../db/connections/repository.ts';
import { type ConnectionProvider, connectionProviders } from '../../../../domain/providers/vendors.ts';
import { catalog } from '../../../../providers/catalog.ts';
import { type Language, languageOf } from '../language.ts';
import { describeScopes } from './scope-descriptions.ts';
import {
  type AppleFormError,
  type ConnectionPageError,
  type ConnectionTranslations,
  connectionTranslationsFor,
  type Notice,
} from './translations.ts';

const eta = new Eta({ views: join(import.meta.dirname, 'views'), cache: true, autoTrim: [false, 'nl'] });
type View = 'layout' | 'connect-form' | 'apple-form' | 'card' | 'accounts' | 'message';
const render = (view: View, data: object): string => eta.render(view, data);

export interface AccountsPage {
  /** The page's own path; its forms are sent beneath it. */
  readonly at: string;
  readonly form: string;
  readonly organization: string;
  readonly connections: readonly Connection[];
  /** What can be connected, in the order of the page. */
  readonly offered: readonly ConnectionProvider[];
  readonly mayDisconnect: boolean;
  /** The one thing that the link is for. */
  readonly focus?: { readonly provider: ConnectionProvider; readonly isAgain: boolean } | undefined;
  readonly leave?: string | undefined;
  readonly notice?: { readonly kind: Notice; readonly provider: ConnectionProvider } | undefined;
  readonly apple?:
    | {
        readonly trouble: AppleFormError;
        readonly username: string;
        readonly server: string;
        readonly connection: string | undefined;
      }
    | undefined;
}

const momentIn = (at: string | undefined, words: ConnectionTranslations, language: Language): string =>
  at === undefined
    ? words.notRefreshed
    : `${DateTime.fromISO(at, { zone: 'utc' }).setLocale(language).toLocaleString(DateTime.DATETIME_MED)} UTC`;

const cardOf = (
  connection: Connection,
  page: AccountsPage,
  words: ConnectionTranslations,
  language: Language,
): string => {
  const { id, provider, account, status, statusReason, scopes, lastRefreshedAt } = connection;
  const name = catalog[provider].displayName;
  const isWaiting = status !== 'connected';
  const common = { at: page.at, form: page.form, words, connection: id };
  const own = page.apple?.connection === id ? page.apple : undefined;
  const again =
    provider === 'apple'
      ? isWaiting || own
        ? render('apple-form', {
            username: '',
            server: '',
            ...own,
            ...common,
            suffix: `-${id}`,
            label: words.again(name),
          })
        : ''
      : render('connect-form', { ...common, provider, isFirst: isWaiting, label: words.again(name) });
  return render('card', {
    ...common,
    name,
    account,
    status: isWaiting ? words.needsReauthorization : words.connected,
    reason: isWaiting && statusReason ? words.reasons[statusReason] : undefined,
    scopes: describeScopes(provider, scopes, language),
    refreshed: momentIn(lastRefreshedAt, words, language),
    mayDisconnect: page.mayDisconnect,
    again,
  });
};

const noticeOf = ({ notice }: AccountsPage, words: ConnectionTranslations) => {
  if (!notice) return {};
  const name = catalog[notice.provider].displayName;
  return {
    notice: words.notices[notice.kind](name),
    takeAway:
      notice.kind === 'disconnectedHere' || notice.kind === 'revokedLater'
        ? { href: catalog[notice.provider].connectedAppsPage, text: words.takeAway(name) }
        : undefined,
  };
};

export const accountsPage = (page: AccountsPage, acceptLanguage: string | undefined): string => {
  const language = languageOf(acceptLanguage);
  const words = connectionTranslationsFor(language);
  const { focus, organization, offered, at, form } = page;
  const focused = focus && catalog[focus.provider].displayName;
  const title = focused ? (focus.isAgain ? words.againTitle : words.connectTitle)(focused) : words.title;
  const newApple = page.apple?.connection === undefined ? page.apple : undefined;
  const oauth = connectionProviders.filter((one) => one !== 'apple' && offered.includes(one));
  const body = render('accounts', {
    words,
    ...noticeOf(page, words),
    intro: focused ? words.connectIntro(organization, focused) : words.intro(organization),
    cards: page.connections.map((one) => cardOf(one, page, words, language)),
    saysNone: focus === undefined,
    addTitle: focus ? undefined : page.connections.length > 0 ? words.add : words.addFirst,
    oauth: oauth.map((provider) =>
      render('connect-form', {
        at,
        form,
        provider,
        isFirst: focus !== undefined,
        label: words.connect(catalog[provider].displayName),
      }),
    ),
    apple: offered.includes('apple')
      ? render('apple-form', {
          username: '',
          server: '',
          ...newApple,
          at,
          form,
          words,
          connection: undefined,
          suffix: '',
          label: words.connect('Apple'),
        })
      : undefined,
    appleIsFolded: focus === undefined,
    appleIsOpen: newApple !== undefined,
    leave: page.leave,
  });
  return render('layout', { language, title, body });
};

interface PageAction {
  readonly href: string;
  readonly label: 'back' | 'tryAgain' | 'leave';
}

/** Something to read, and ways on. */
export const connectionErrorPage = (
  obstacle: ConnectionPageError,
  acceptLanguage: string | undefined,
  more: {
    readonly ways?: readonly PageAction[];
    readonly missing?: { readonly provider: ConnectionProvider; readonly scopes: readonly string[] };
  } = {},
): string => {
  const language = languageOf(acceptLanguage);
  const words = connectionTranslationsFor(language);
  const { title, text } = words.obstacles[obstacle];
  const { ways = [], missing } = more;
  const body = render('message', {
    words,
    text,
    missing: missing ? describeScopes(missing.provider, missing.scopes, language) : [],
    ways: ways.map(({ href, label }, at) => ({ href, label: words[label], isFirst: at === 0 })),
  });
  return render('layout', { language, title, body });
};

/** For who came without a page to go back to. */
export const connectedPage = (provider: ConnectionProvider, acceptLanguage: string | undefined): string => {
  const language = languageOf(acceptLanguage);
  const words = connectionTranslationsFor(language);
  const { title, text } = words.done(catalog[provider].displayName);
  return render('layout', {
    language,
    title,
    body: render('message', { words, text, missing: [], ways: [] }),
  });
};

type RedirectTarget =
  | { readonly kind: 'provider'; readonly provider: ConnectionProvider; readonly url: string }
  | { readonly kind: 'back'; readonly url: string };

/**
 * Sends a person on to another site. A page and no redirect: after `form-action 'self'`, the answer to a form may lead
 * nowhere else in Chrome, through however many redirects
 * (https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Content-Security-Policy/form-action).
 */
export const redirectPage = (onward: RedirectTarget, acceptLanguage: string | undefined): string => {
  const language = languageOf(acceptLanguage);
  const words = connectionTranslationsFor(language);
  const { title, label } = redirectTexts(onward, words);
  const body = render('message', { words, missing: [], ways: [{ href: onward.url, label, isFirst: true }] });
  return render('layout', { language, title, goTo: onward.url, body });
};

const redirectTexts = (onward: RedirectTarget, words: ConnectionTranslations) => {
  switch (onward.kind) {
    case 'provider': {
      const name = catalog[onward.provider].displayName;
      return { title: words.goingOn(name), label: words.goOn(name) };
    }
    case 'back':
      return { title: words.goingBack, label: words.goBack };
  }
};
