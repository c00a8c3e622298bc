/**
 * The letter to somebody whose account has to be connected again. Nothing is known of them but the account, so that it
 * is written in both languages.
 */
import { join } from 'node:path';
import { Eta } from 'eta';
import type { ConnectionProvider } from '../../domain/providers/vendors.ts';
import { catalog } from '../../providers/catalog.ts';

interface ReconnectEmailData {
  readonly organization: string;
  readonly provider: ConnectionProvider;
  readonly account: string;
  readonly link: string;
}

const texts = ({ organization, account, ...facts }: ReconnectEmailData) => {
  const provider = catalog[facts.provider].displayName;
  return [
    {
      language: 'en',
      lead: `${organization} can no longer use your ${provider} account ${account} for auditions: ${provider} does not accept our access any more. This happens after a changed password, too.`,
      ask: 'Please connect the account again. What waits for it then goes on by itself.',
      link: `Connect ${provider} again`,
      until: 'The link is good for seven days. If you do not want to, you need not do anything.',
    },
    {
      language: 'fr',
      lead: `${organization} ne peut plus utiliser votre compte ${provider} ${account} pour les auditions : ${provider} n’accepte plus notre accès. Cela arrive aussi après un changement de mot de passe.`,
      ask: 'Veuillez reconnecter le compte. Ce qui l’attend reprendra alors de lui-même.',
      link: `Reconnecter ${provider}`,
      until: 'Le lien est valable sept jours. Si vous ne le souhaitez pas, vous n’avez rien à faire.',
    },
  ];
};

const views = join(import.meta.dirname, 'templates');
const html = new Eta({ views, cache: true, autoEscape: true });

export const renderReconnectEmail = (
  facts: ReconnectEmailData,
): { readonly subject: string; readonly text: string; readonly html: string } => {
  const provider = catalog[facts.provider].displayName;
  const subject = `Please connect your ${provider} account again / Veuillez reconnecter votre compte ${provider}`;
  const parts = texts(facts);
  const { link } = facts;
  return {
    subject,
    text: parts.map(({ lead, ask, until }) => `${lead}\n\n${ask}\n${link}\n\n${until}\n`).join('\n—\n\n'),
    html: html.render('reconnect.html.eta', { subject, parts, link }),
  };
};
