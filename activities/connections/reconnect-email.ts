/**
 * Renders the email that asks the owner of an account to connect it again. Only the account is known, not the owner's
 * language, so the email contains English and French.
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

const translationsOf = ({ organization, account, ...facts }: ReconnectEmailData) => {
  const provider = catalog[facts.provider].displayName;
  return [
    {
      language: 'en',
      lead: `${organization} can no longer use your ${provider} account ${account} for auditions: ${provider} no longer accepts our access. This also happens after a change of password.`,
      ask: 'Please connect the account again. The auditions that wait for it then continue automatically.',
      link: `Connect ${provider} again`,
      until:
        'The link is valid for seven days. If you do not want to connect the account again, you do not need to do anything.',
    },
    {
      language: 'fr',
      lead: `${organization} ne peut plus utiliser votre compte ${provider} ${account} pour les auditions : ${provider} n’accepte plus notre accès. Cela arrive aussi après un changement de mot de passe.`,
      ask: 'Veuillez reconnecter le compte. Les auditions qui l’attendent reprendront alors automatiquement.',
      link: `Reconnecter ${provider}`,
      until:
        'Le lien est valable sept jours. Si vous ne souhaitez pas reconnecter le compte, vous n’avez rien à faire.',
    },
  ];
};

const views = join(import.meta.dirname, 'templates');
const html = new Eta({ views, cache: true, autoEscape: true });

/** Returns subject, text and HTML of the reconnect email. */
export const renderReconnectEmail = (
  facts: ReconnectEmailData,
): { readonly subject: string; readonly text: string; readonly html: string } => {
  const provider = catalog[facts.provider].displayName;
  const subject = `Please connect your ${provider} account again / Veuillez reconnecter votre compte ${provider}`;
  const parts = translationsOf(facts);
  const { link } = facts;
  return {
    subject,
    text: parts.map(({ lead, ask, until }) => `${lead}\n\n${ask}\n${link}\n\n${until}\n`).join('\n—\n\n'),
    html: html.render('reconnect.html.eta', { subject, parts, link }),
  };
};
