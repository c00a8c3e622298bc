/** What the health of an integration means, for somebody who has to answer "why is it not working?". */
import type { IntegrationFacts } from '../../db/providers/health.ts';
import type { VendorName } from '../../domain/providers/vendors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { catalog } from '../../providers/catalog.ts';
import { warnFrom } from '../../providers/resilience/quotas.ts';

export interface QuotaUse {
  readonly quota: string;
  readonly limit: number;
  readonly used: number;
  readonly about: string;
}

export type KnownFacts = Omit<IntegrationFacts, 'quotas'> & { readonly quotas: readonly QuotaUse[] };

export interface KnownOf {
  readonly provider: VendorName;
  readonly probe:
    | { readonly kind: 'answers' }
    /** There is nothing to ask without somebody's account. */
    | { readonly kind: 'none' }
    | { readonly kind: 'failed'; readonly fault: string };
  readonly at: Instant;
  /** Undefined when the database cannot be asked. */
  readonly facts: KnownFacts | undefined;
}

/** A webhook that waits this long waits for a person. */
const waitsTooLongMs = 5 * 60_000;

interface Remark {
  readonly says: string;
  /** What a person can do about it; what is urgent comes first. */
  readonly toDo?: string | undefined;
}

/** One sentence for each thing worth saying, and what to do about the first of them that needs anybody. */
export const adviceOn = (known: KnownOf): { readonly summary: string; readonly whatToDo: string } => {
  const remarks = [...aboutProbe(known), ...(known.facts ? aboutFacts(known, known.facts) : [nothingKnown])];
  return {
    summary: remarks.map(({ says }) => says).join(' '),
    whatToDo: remarks.find(({ toDo }) => toDo !== undefined)?.toDo ?? 'Nothing.',
  };
};

const nothingKnown: Remark = {
  says: 'What the workers have seen could not be read: the database does not answer.',
  toDo: 'See to the database first: /readyz says whether it answers.',
};

const aboutProbe = ({ provider, probe }: KnownOf): readonly Remark[] => {
  const { displayName: name } = catalog[provider];
  switch (probe.kind) {
    case 'answers':
      return [{ says: `${name} answers and knows us.` }];
    case 'none':
      return [{ says: `${name} is called in the name of connected accounts only.` }];
    case 'failed':
      return [{ says: `${name} ${failing(probe.fault)}.`, toDo: toDoAbout(provider, probe.fault) }];
  }
};

const failing = (fault: string): string => {
  switch (fault) {
    case 'misconfigured':
      return 'answers, and refuses our credentials or settings';
    case 'not_permitted':
      return 'answers, and does not permit what we ask';
    case 'retry_after':
      return 'answers that we are too fast';
    case 'quota_exhausted':
      return 'answers that our quota is spent';
    default:
      return `does not answer as it should (${fault})`;
  }
};

const toDoAbout = (provider: VendorName, fault: string): string => {
  const statusPage = statusPageOf(provider);
  switch (fault) {
    case 'misconfigured':
    case 'not_permitted':
    case 'not_found':
      return `Check the credentials and settings of ${provider} (docs/integrations/), then restart: no waiting mends this.`;
    case 'retry_after':
    case 'quota_exhausted':
      return 'Nothing at once: calls wait until the provider takes them again.';
    default:
      return outage(statusPage);
  }
};

const statusPageOf = (provider: VendorName): string | undefined => {
  const facts = catalog[provider];
  return 'statusPage' in facts ? facts.statusPage : undefined;
};

const outage = (statusPage: string | undefined): string =>
  `${statusPage ? `Look at ${statusPage}` : 'Look at the server itself'}. Work waits and goes on by itself; other providers are used where there are any. What gives up shows under GET /v1/attention.`;

const aboutFacts = ({ provider, at }: KnownOf, facts: KnownFacts): readonly Remark[] => {
  const { displayName: name } = catalog[provider];
  const statusPage = statusPageOf(provider);
  const { circuit, opensAgainAt, accountsHeldBack, closedUntil, connections, webhooks, subscriptions } =
    facts;
  const remarks: Remark[] = [];
  if (circuit === 'open') {
    const until = opensAgainAt ? `, until ${time(opensAgainAt)} at the earliest` : '';
    remarks.push({
      says: `Calls are held back because it has failed several times in a row${until}; then one call tries whether it is back.`,
      toDo: outage(statusPage),
    });
  }
  if (circuit === 'half_open')
    remarks.push({ says: 'It has failed lately; the next call tries whether it is back.' });
  remarks.push(...aboutCalls(facts, at));
  if (accountsHeldBack > 0) {
    remarks.push({
      says: `${counted(accountsHeldBack, 'account fails', 'accounts fail')} although ${name} works for others.`,
      toDo: 'Nothing at once. If it lasts, have the owner of the account look whether it opens at the provider itself.',
    });
  }
  if (closedUntil) {
    remarks.push({
      says: `${name} has said that a quota is spent, until ${time(closedUntil)}.`,
      toDo: 'Nothing at once: work waits until then, or goes to another provider. See docs/runbooks/providers.md.',
    });
  }
  for (const { about, used, limit } of facts.quotas) {
    const spent = used >= limit;
    remarks.push({
      says: `Of ${about}, ${used} are used${spent ? ': none is left' : ''}.`,
      toDo:
        used < limit * warnFrom
          ? undefined
          : 'Ask the provider for more, or spread the work: docs/runbooks/providers.md says how.',
    });
  }
  if (connections.needReauthorization > 0) {
    remarks.push({
      says: `${counted(connections.needReauthorization, 'account has', 'accounts have')} to be connected again by the owner.`,
      toDo: 'The owners have been told, with a link. GET /v1/connections shows whose they are; what waits for them goes on by itself once they are connected.',
    });
  }
  remarks.push(...aboutWebhooks(webhooks, at));
  if (subscriptions.expired > 0) {
    remarks.push({
      says: `${counted(subscriptions.expired, 'subscription has', 'subscriptions have')} run out: changes there are not told to us.`,
      toDo: 'They are renewed while their account is connected: connect the accounts again that need it.',
    });
  }
  return remarks;
};

const aboutCalls = (
  { lastSuccessAt, lastFailureAt, lastFailure }: KnownFacts,
  at: Instant,
): readonly Remark[] => {
  if (!lastSuccessAt && !lastFailureAt) return [{ says: 'No call has been made lately.' }];
  const failed =
    lastFailureAt && (!lastSuccessAt || lastFailureAt > lastSuccessAt)
      ? ` The last one failed ${ago(lastFailureAt, at)}: ${lastFailure ?? 'for an unknown reason'}.`
      : '';
  return [
    {
      says: `${lastSuccessAt ? `A call last succeeded ${ago(lastSuccessAt, at)}.` : 'No call has succeeded.'}${failed}`,
    },
  ];
};

const aboutWebhooks = (
  { waiting, oldestWaitingSince, parked }: KnownFacts['webhooks'],
  at: Instant,
): readonly Remark[] => {
  const remarks: Remark[] = [];
  if (waiting > 0 && oldestWaitingSince) {
    const isLate = Date.parse(at) - Date.parse(oldestWaitingSince) > waitsTooLongMs;
    remarks.push({
      says: `${counted(waiting, 'webhook waits', 'webhooks wait')} to be passed on, the oldest since ${ago(oldestWaitingSince, at).replace(/ ago$/, '')}.`,
      toDo: isLate
        ? 'Look whether the workers run and Temporal answers: docs/runbooks/workers.md.'
        : undefined,
    });
  }
  if (parked > 0) {
    remarks.push({
      says: `${counted(parked, 'webhook belongs', 'webhooks belong')} to nothing we know, and ${parked === 1 ? 'is' : 'are'} parked.`,
      toDo: 'An operator can look at them and replay them: npm run ops -- webhooks.',
    });
  }
  return remarks;
};

const counted = (count: number, one: string, several: string): string =>
  `${count} ${count === 1 ? one : several}`;

const time = (at: Instant): string => `${at.slice(0, 19).replace('T', ' ')} UTC`;

const ago = (then: Instant, now: Instant): string => {
  const seconds = Math.max(0, Math.round((Date.parse(now) - Date.parse(then)) / 1_000));
  if (seconds < 90) return `${counted(seconds, 'second', 'seconds')} ago`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} minutes ago`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} hours ago` : `${Math.round(hours / 24)} days ago`;
};
