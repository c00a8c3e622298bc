/** Puts the name of a provider into the texts of the page. */
import type { AddressProvider, ConnectionProvider } from '../../../../domain/providers/vendors.ts';
import { catalog } from '../../../../providers/catalog.ts';
import type { ConnectionTranslations, Explanation, PageNotice } from './translations.ts';

type AccountProvider = Exclude<ConnectionProvider, AddressProvider>;

/** The texts that name a provider. */
export interface ProviderTexts {
  readonly name: string;
  readonly connectTitle: string;
  readonly connectIntro: (organization: string) => string;
  readonly againTitle: string;
  readonly connect: string;
  readonly again: string;
  readonly disconnectAsk: string;
  readonly notices: Readonly<Record<PageNotice, string>>;
  readonly done: Explanation;
}

/** Returns the texts for a provider at which people have accounts. */
export const accountTexts = (provider: AccountProvider, words: ConnectionTranslations): ProviderTexts => {
  const { displayName: name } = catalog[provider];
  const { connected, disconnected, disconnectedHere, revokedLater, calendarsChosen } = words.notices;
  return {
    name,
    connectTitle: words.connectTitle(name),
    connectIntro: (organization) => words.connectIntro(organization, name),
    againTitle: words.againTitle(name),
    connect: words.connect(name),
    again: words.again(name),
    disconnectAsk: words.disconnectAsk(name),
    notices: {
      connected: connected(name),
      disconnected: disconnected(name),
      disconnectedHere: disconnectedHere(name),
      revokedLater: revokedLater(name),
      calendarsChosen: calendarsChosen(name),
    },
    done: words.done(name),
  };
};
