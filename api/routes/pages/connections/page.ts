/** Renders the page on which a person connects accounts, and its error and redirect pages. Forms only, no scripts. */
import { DateTime } from 'luxon';
import type { Connection } from '../../../../db/connections/repository.ts';
import type { CalendarChoice } from '../../../../domain/calendars/calendar-choice.ts';
import {
  addressProviders,
  type ConnectionProvider,
  isCalendarProvider,
  isOAuthProvider,
  isWritableCalendarProvider,
  oauthProviders,
  passwordProviders,
} from '../../../../domain/providers/vendors.ts';
import { writtenLocaleOf } from '../../../../domain/time/written-locale.ts';
import { catalog } from '../../../../providers/catalog.ts';
import { type Language, languageOf } from '../language.ts';
import { choiceInWords } from './calendar-page.ts';
import { calendarTranslationsFor } from './calendar-translations.ts';
import { type FeedFormError, feedTranslationsFor } from './feed-translations.ts';
import { problemTranslationsFor } from './problem-translations.ts';
import { accountTexts, type ProviderTexts } from './provider-texts.ts';
import { describeScopes } from './scope-descriptions.ts';
import type { ShownProblem } from './shown-problems.ts';
import {
  type AppleFormError,
  type ConnectionPageError,
  type ConnectionTranslations,
  connectionTranslationsFor,
  type PageNotice,
} from './translations.ts';
import { render } from './views.ts';

export interface AccountsPage {
  /** The URL of the page; its forms post to paths below it. */
  readonly at: string;
  /** CSRF token of the forms. */
  readonly form: string;
  readonly organization: string;
  readonly connections: readonly Connection[];
  /** The choices of their calendars. */
  readonly choices: ReadonlyMap<string, CalendarChoice | undefined>;
  /** The problems of the connections that have any. */
  readonly problems: ReadonlyMap<string, readonly ShownProblem[]>;
  /** The providers that can be connected, in the order of the page. */
  readonly offered: readonly ConnectionProvider[];
  readonly mayDisconnect: boolean;
  readonly mayChooseCalendars: boolean;
  /** The single provider that the link is for. */
  readonly focus?: { readonly provider: ConnectionProvider; readonly isAgain: boolean } | undefined;
  readonly leave?: string | undefined;
  readonly notice?: { readonly kind: PageNotice; readonly provider: ConnectionProvider } | undefined;
  readonly apple?:
    | {
        readonly trouble: AppleFormError;
        readonly username: string;
        readonly server: string;
        readonly connection: string | undefined;
      }
    | undefined;
  /** The error of the form for an address. The address is not shown again, because it is a secret. */
  readonly feed?: { readonly trouble: FeedFormError; readonly connection: string | undefined } | undefined;
}

const providerTexts = (provider: ConnectionProvider, language: Language): ProviderTexts =>
  provider === 'ics'
    ? feedTranslationsFor(language)
    : accountTexts(provider, connectionTranslationsFor(language));

const momentIn = (at: string, language: Language): string =>
  `${DateTime.fromISO(at, { zone: 'utc' }).setLocale(writtenLocaleOf(language, language)).toLocaleString(DateTime.DATETIME_MED)} UTC`;

const cardOf = (
  connection: Connection,
  page: AccountsPage,
  words: ConnectionTranslations,
  language: Language,
): string => {
  const { id, provider, account, status, statusReason, scopes, lastRefreshedAt } = connection;
  const texts = providerTexts(provider, language);
  const isWaiting = status !== 'connected';
  const common = { at: page.at, form: page.form, words, connection: id };
  const problems = page.problems.get(id) ?? [];
  const waitingSince = problems.find(({ kind }) => kind === 'reconnect')?.since;
  const isHealthy = problems.length === 0;
  const connected = isHealthy ? words.connected : problemTranslationsFor(language).status;
  return render('card', {
    ...common,
    name: texts.name,
    disconnectAsk: texts.disconnectAsk,
    account,
    status: isWaiting ? words.needsReauthorization : connected,
    isHealthy,
    problems: describeProblems(problems, language),
    reason: isWaiting && statusReason ? words.reasons[statusReason] : undefined,
    scopes: describeScopes(provider, scopes, language),
    since: waitingSince && problemTranslationsFor(language).since(momentIn(waitingSince, language)),
    refreshed: lastRefreshedAt === undefined ? words.notRefreshed : momentIn(lastRefreshedAt, language),
    calendars:
      page.mayChooseCalendars && hasChoice(connection)
        ? {
            label: calendarTranslationsFor(language).label,
            text: choiceInWords(page.choices.get(id), language),
            choose: calendarTranslationsFor(language).choose,
          }
        : undefined,
    mayDisconnect: page.mayDisconnect,
    again: reconnectFormOf(connection, page, language),
  });
};

/** The status and its reason explain an account that must be connected again. */
const describeProblems = (problems: readonly ShownProblem[], language: Language) => {
  const texts = problemTranslationsFor(language);
  return problems.flatMap(({ kind, since, calendar }) => {
    if (kind === 'reconnect') return [];
    const { what, whatToDo } = texts.problems[kind];
    return [
      { what: what(texts.calendar(calendar)), whatToDo, since: texts.since(momentIn(since, language)) },
    ];
  });
};

/** A feed has one calendar. The calendars of an account that must be connected again cannot be listed. */
const hasChoice = ({ provider, status }: Connection): boolean =>
  status === 'connected' && isCalendarProvider(provider) && isWritableCalendarProvider(provider);

/** A password or an address is asked for again only when the stored one no longer works. */
const reconnectFormOf = (
  { id, provider, status }: Connection,
  page: AccountsPage,
  language: Language,
): string => {
  const words = connectionTranslationsFor(language);
  const isWaiting = status !== 'connected';
  const label = providerTexts(provider, language).again;
  const common = { at: page.at, form: page.form, words, connection: id, label };
  if (isOAuthProvider(provider)) return render('connect-form', { ...common, provider, isFirst: isWaiting });
  const suffix = `-${id}`;
  if (provider === 'ics') {
    const failed = page.feed?.connection === id ? page.feed : undefined;
    return isWaiting || failed
      ? render('feed-form', { ...failed, ...common, suffix, texts: feedTranslationsFor(language) })
      : '';
  }
  const failed = page.apple?.connection === id ? page.apple : undefined;
  return isWaiting || failed
    ? render('apple-form', { username: '', server: '', ...failed, ...common, suffix })
    : '';
};

const noticeOf = ({ notice }: AccountsPage, words: ConnectionTranslations, language: Language) => {
  if (!notice) return {};
  const facts = catalog[notice.provider];
  const isGrantLeft = notice.kind === 'disconnectedHere' || notice.kind === 'revokedLater';
  return {
    notice: providerTexts(notice.provider, language).notices[notice.kind],
    takeAway:
      isGrantLeft && 'connectedAppsPage' in facts
        ? { href: facts.connectedAppsPage, text: words.takeAway(facts.displayName) }
        : undefined,
  };
};

/** Renders the page with all accounts that a link shows. */
export const accountsPage = (page: AccountsPage, acceptLanguage: string | undefined): string => {
  const language = languageOf(acceptLanguage);
  const words = connectionTranslationsFor(language);
  const { focus, organization, offered, at, form } = page;
  const focused = focus && providerTexts(focus.provider, language);
  const title = focused ? (focus.isAgain ? focused.againTitle : focused.connectTitle) : words.title;
  const newApple = page.apple?.connection === undefined ? page.apple : undefined;
  const newFeed = page.feed?.connection === undefined ? page.feed : undefined;
  const oauth = oauthProviders.filter((provider) => offered.includes(provider));
  const body = render('accounts', {
    words,
    ...noticeOf(page, words, language),
    intro: focused ? focused.connectIntro(organization) : words.intro(organization),
    cards: page.connections.map((connection) => cardOf(connection, page, words, language)),
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
    apple: passwordProviders.some((provider) => offered.includes(provider))
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
    appleIsOpen: newApple !== undefined,
    feed: addressProviders.some((provider) => offered.includes(provider))
      ? render('feed-form', {
          ...newFeed,
          at,
          form,
          texts: feedTranslationsFor(language),
          connection: undefined,
          suffix: '',
          label: feedTranslationsFor(language).connect,
        })
      : undefined,
    feedLabel: feedTranslationsFor(language).connect,
    feedIsOpen: newFeed !== undefined,
    isFolded: focus === undefined,
    leave: page.leave,
  });
  return render('layout', { language, title, body });
};

interface PageAction {
  readonly href: string;
  readonly label: 'back' | 'tryAgain' | 'leave';
}

/** Renders a page that explains an obstacle, with links to continue. */
export const connectionErrorPage = (
  obstacle: ConnectionPageError,
  acceptLanguage: string | undefined,
  more: {
    readonly actions?: readonly PageAction[];
    readonly missing?: { readonly provider: ConnectionProvider; readonly scopes: readonly string[] };
  } = {},
): string => {
  const language = languageOf(acceptLanguage);
  const words = connectionTranslationsFor(language);
  const { title, text } = words.obstacles[obstacle];
  const { actions = [], missing } = more;
  const body = render('message', {
    words,
    text,
    missing: missing ? describeScopes(missing.provider, missing.scopes, language) : [],
    actions: actions.map(({ href, label }, at) => ({ href, label: words[label], isFirst: at === 0 })),
  });
  return render('layout', { language, title, body });
};

/** Renders the confirmation for a person whose browser has no page to return to. */
export const connectedPage = (provider: ConnectionProvider, acceptLanguage: string | undefined): string => {
  const language = languageOf(acceptLanguage);
  const words = connectionTranslationsFor(language);
  const { title, text } = providerTexts(provider, language).done;
  return render('layout', {
    language,
    title,
    body: render('message', { words, text, missing: [], actions: [] }),
  });
};

type RedirectTarget =
  | { readonly kind: 'provider'; readonly provider: ConnectionProvider; readonly url: string }
  | { readonly kind: 'back'; readonly url: string };

/**
 * Renders a page that sends the person to another site. It replaces a redirect: with `form-action 'self'`, Chrome blocks
 * the response of a form from redirecting to another origin, however many redirects lie between
 * (https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Content-Security-Policy/form-action).
 */
export const redirectPage = (target: RedirectTarget, acceptLanguage: string | undefined): string => {
  const language = languageOf(acceptLanguage);
  const words = connectionTranslationsFor(language);
  const { title, label } = redirectTexts(target, words);
  const actions = [{ href: target.url, label, isFirst: true }];
  const body = render('message', { words, missing: [], actions });
  return render('layout', { language, title, redirectUrl: target.url, body });
};

const redirectTexts = (target: RedirectTarget, words: ConnectionTranslations) => {
  switch (target.kind) {
    case 'provider': {
      const name = catalog[target.provider].displayName;
      return { title: words.redirectTitle(name), label: words.redirectLabel(name) };
    }
    case 'back':
      return { title: words.returnTitle, label: words.returnLabel };
  }
};
