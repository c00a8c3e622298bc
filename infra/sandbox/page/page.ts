/** Renders the page and its panels. The templates escape all values. */
import { join } from 'node:path';
import { Eta } from 'eta';
import type { CallCounter } from '../calls/counter.ts';
import type { SandboxControl } from '../control/control.ts';
import { faultKinds } from '../faults/fault.ts';
import type { OAuthGrant } from '../oauth/grants.ts';
import type { Clock } from '../time.ts';
import { operationNames, type Vendor, vendors } from '../vendors.ts';
import { viewGoogleCalendars, viewOutlookCalendars } from './calendar-view.ts';
import { describeFault, viewCalls, viewCounts } from './fault-view.ts';
import { viewMeetings } from './meeting-view.ts';
import { viewPhones } from './message-view.ts';
import { viewConferences, viewTeamsMeetings } from './session-view.ts';

export interface PageParts {
  readonly control: SandboxControl;
  readonly calls: CallCounter;
  readonly clock: Clock;
}

export interface SandboxPage {
  /** Returns the HTML of the whole page. */
  document(zone: string): string;
  /** Returns the HTML of each panel by the id of its element. */
  panels(zone: string): Record<string, string>;
}

const titles: Readonly<Record<Vendor, { name: string; what: string }>> = {
  google: { name: 'Google', what: 'Calendar and Meet' },
  microsoft: { name: 'Microsoft', what: 'Outlook calendars and Teams' },
  zoom: { name: 'Zoom', what: 'Meetings' },
  apple: { name: 'Apple', what: 'Accounts' },
  twilio: { name: 'Twilio', what: 'Text messages' },
};

/** Returns the latest grants, newest first. */
const viewGrants = (grants: readonly OAuthGrant[]) =>
  grants
    .toReversed()
    .slice(0, 30)
    .map(({ account, scopes, revoked }) => ({ account, scopes: scopes.join(' '), over: revoked }));

/** Creates the page of a running sandbox. */
export const createSandboxPage = ({ control, calls, clock }: PageParts): SandboxPage => {
  const eta = new Eta({ views: join(import.meta.dirname, 'templates'), cache: true });

  const panels = (zone: string): Record<string, string> => {
    const state = control.state();
    const counts = (vendor: Vendor) => viewCounts(state.calls[vendor]);
    return {
      google: [
        eta.render('calendars', { calendars: viewGoogleCalendars(state, zone, clock()), zone }),
        eta.render('sessions', { title: 'Meet conferences', meetings: viewConferences(state) }),
      ].join(''),
      microsoft: [
        eta.render('calendars', { calendars: viewOutlookCalendars(state, zone, clock()), zone }),
        eta.render('sessions', { title: 'Teams meetings', meetings: viewTeamsMeetings(state, zone) }),
        eta.render('accounts', { accounts: viewGrants(state.microsoft.grants) }),
      ].join(''),
      apple: eta.render('accounts', {
        accounts: state.apple.accounts.map((account) => ({
          account,
          scopes: 'app-specific password',
          over: false,
        })),
      }),
      zoom: eta.render('meetings', viewMeetings(state, zone)),
      twilio: eta.render('phones', viewPhones(state, zone)),
      calls: eta.render('calls', { calls: viewCalls(calls.recent(), zone) }),
      ...Object.fromEntries(
        vendors.flatMap((vendor) => [
          [
            `${vendor}-faults`,
            eta.render('faults', { vendor, faults: state.faults[vendor].map(describeFault) }),
          ],
          [`${vendor}-counts`, eta.render('counts', { counts: counts(vendor) })],
        ]),
      ),
    };
  };

  return {
    panels,
    document: (zone) =>
      eta.render('document', {
        panels: panels(zone),
        kinds: faultKinds,
        vendors: vendors.map((vendor) => ({ vendor, ...titles[vendor], operations: operationNames(vendor) })),
      }),
  };
};
