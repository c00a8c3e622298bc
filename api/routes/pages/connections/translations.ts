/** The texts of the page on which accounts are connected, by language. */
import type { ConnectionStatusReason } from '../../../../domain/connections/connection.ts';
import type { Language } from '../language.ts';

/** The obstacles that error pages explain. */
const connectionPageErrors = [
  'invalid',
  'linkExpired',
  'foreignForm',
  'notOffered',
  'unreadable',
  'later',
  'denied',
  'partial',
  'otherAccount',
  'unusable',
  'providerAway',
  'misconfigured',
  'unknownState',
  'otherBrowser',
  'used',
  'expired',
] as const;
export type ConnectionPageError = (typeof connectionPageErrors)[number];

/** Results of the page's forms. */
export const notices = [
  'connected',
  'disconnected',
  'disconnectedHere',
  'revokedLater',
  'calendarsChosen',
] as const;
export type PageNotice = (typeof notices)[number];

/** Errors of the Apple form. */
export type AppleFormError = 'wrongPassword' | 'badServer' | 'unknownName' | 'appleAway' | 'tooManyAttempts';

export interface Explanation {
  readonly title: string;
  readonly text: string;
}

export interface ConnectionTranslations {
  readonly title: string;
  readonly intro: (organization: string) => string;
  readonly connectTitle: (provider: string) => string;
  readonly connectIntro: (organization: string, provider: string) => string;
  readonly againTitle: (provider: string) => string;
  readonly none: string;
  readonly status: string;
  readonly scopes: string;
  readonly noScopes: string;
  readonly refreshed: string;
  readonly notRefreshed: string;
  readonly connected: string;
  readonly needsReauthorization: string;
  readonly reasons: Readonly<Record<ConnectionStatusReason, string>>;
  readonly add: string;
  readonly addFirst: string;
  readonly connect: (provider: string) => string;
  readonly again: (provider: string) => string;
  readonly disconnect: string;
  readonly disconnectAsk: (provider: string) => string;
  readonly disconnectYes: string;
  readonly appleId: string;
  readonly applePassword: string;
  readonly appleHint: string;
  readonly appleServer: string;
  readonly appleServerLabel: string;
  readonly appleTrouble: Readonly<Record<AppleFormError, string>>;
  readonly notices: Readonly<Record<PageNotice, (provider: string) => string>>;
  readonly takeAway: (provider: string) => string;
  readonly redirectTitle: (provider: string) => string;
  readonly redirectLabel: (provider: string) => string;
  readonly returnTitle: string;
  readonly returnLabel: string;
  readonly back: string;
  readonly tryAgain: string;
  readonly notNow: string;
  readonly leave: string;
  readonly done: (provider: string) => Explanation;
  readonly missing: string;
  readonly obstacles: Readonly<Record<ConnectionPageError, Explanation>>;
}

const en: ConnectionTranslations = {
  title: 'Connected accounts',
  intro: (organization) =>
    `${organization} uses these accounts to see when you are free, to put auditions into the calendar and to make video meetings. You can disconnect each of them at any time.`,
  connectTitle: (provider) => `Connect your ${provider} account`,
  connectIntro: (organization, provider) =>
    `${organization} asks to use your ${provider} account for auditions: to see when you are free, to put auditions into the calendar or to make video meetings. On the next page ${provider} asks you whether you agree.`,
  againTitle: (provider) => `Connect your ${provider} account again`,
  none: 'No account is connected yet.',
  status: 'Status',
  scopes: 'We can',
  noScopes: 'only see which account it is',
  refreshed: 'Last refreshed',
  notRefreshed: 'not yet',
  connected: 'Connected',
  needsReauthorization: 'Needs to be connected again',
  reasons: {
    grant_refused: 'The provider no longer accepts our access. This happens after a changed password, too.',
    refresh_lost: 'The provider renewed our access, but its response did not reach us.',
    scopes_missing: 'Not everything that is needed was allowed.',
    deauthorized: 'The access was withdrawn at the provider.',
    disconnected_here: 'It was disconnected here.',
  },
  add: 'Connect another account',
  addFirst: 'Connect an account',
  connect: (provider) => `Connect ${provider}`,
  again: (provider) => `Connect ${provider} again`,
  disconnect: 'Disconnect',
  disconnectAsk: (provider) =>
    `We give the access back to ${provider} and erase it here. Auditions that are already in the calendar stay there, but can no longer be changed by us.`,
  disconnectYes: 'Yes, disconnect',
  appleId: 'Apple Account (email)',
  applePassword: 'App-specific password',
  appleHint:
    'Make one at account.apple.com, under “Sign-In and Security”. Never enter your own Apple password here.',
  appleServer: 'Another calendar server',
  appleServerLabel: 'Address of the CalDAV server (leave empty for iCloud)',
  appleTrouble: {
    wrongPassword: 'This account and password were not accepted. Please check both, or make a new password.',
    badServer: 'This address is not one of a calendar server that we may call. Leave it empty for iCloud.',
    unknownName: 'There is no server with the name in this address. Check it, or leave it empty for iCloud.',
    appleAway:
      'The calendar server does not answer just now. Nothing was changed. Please try again in a minute.',
    tooManyAttempts:
      'There were too many failed attempts. Please try again in an hour, with a new app-specific password.',
  },
  notices: {
    connected: (provider) => `Your ${provider} account is connected.`,
    disconnected: (provider) => `Your ${provider} account is disconnected. Our access to it is gone.`,
    disconnectedHere: (provider) =>
      `Your ${provider} account is disconnected, and our access to it is erased here.`,
    revokedLater: (provider) =>
      `Your ${provider} account is disconnected. ${provider} does not answer just now: we keep trying to give the access back until it does.`,
    calendarsChosen: () => 'Your choice of calendars is saved.',
  },
  takeAway: (provider) => `To take it away at ${provider} as well, open the page of your connected apps`,
  redirectTitle: (provider) => `Taking you to ${provider}`,
  redirectLabel: (provider) => `Continue to ${provider}`,
  returnTitle: 'Your account is connected',
  returnLabel: 'Continue',
  back: 'Back to your accounts',
  tryAgain: 'Try again',
  notNow: 'Not now',
  leave: 'Go back without connecting',
  done: (provider) => ({
    title: `Your ${provider} account is connected`,
    text: 'You can close this page.',
  }),
  missing: 'Missing:',
  obstacles: {
    invalid: {
      title: 'This link does not work',
      text: 'It may have been cut short. Please copy the whole link, or ask for another one where you got it.',
    },
    linkExpired: {
      title: 'This link has expired',
      text: 'Please ask for another one where you got it. Nothing was changed.',
    },
    foreignForm: {
      title: 'Please open the page again',
      text: 'Your browser did not send back what our page gave it. Allow its cookie, open the link once more and try again. Nothing was changed.',
    },
    notOffered: {
      title: 'This provider cannot be connected',
      text: 'The service is not set up for it. Nothing was changed.',
    },
    unreadable: {
      title: 'We did not understand that',
      text: 'Nothing was changed. Please open the link again and use the buttons on the page.',
    },
    later: {
      title: 'Please try again in a minute',
      text: 'Something on our side does not answer just now. Nothing was changed.',
    },
    denied: {
      title: 'You did not agree',
      text: 'No account was connected, and nothing was stored.',
    },
    partial: {
      title: 'Something that is needed was not allowed',
      text: 'The account was not connected, and the permissions that you gave were returned. To try again, leave every box ticked.',
    },
    otherAccount: {
      title: 'That was another account',
      text: 'Please choose the account that was connected before. Nothing was changed.',
    },
    unusable: {
      title: 'The provider’s answer could not be used',
      text: 'Its answer was not meant for us, or was used before. No account was connected. Please begin again.',
    },
    providerAway: {
      title: 'The provider does not answer just now',
      text: 'No account was connected. Please try again in a few minutes.',
    },
    misconfigured: {
      title: 'The provider did not accept our request',
      text: 'No account was connected. It is not your fault: please tell the person who gave you the link.',
    },
    unknownState: {
      title: 'We do not know this answer',
      text: 'No connection was started here that this address could complete. Nothing was changed. Please begin again from the link that you were given.',
    },
    otherBrowser: {
      title: 'This was started in another browser',
      text: 'Connecting an account must end in the browser in which it was started. Nothing was changed. Please open the link that you were given in this browser, and allow its cookie.',
    },
    used: {
      title: 'This was done already',
      text: 'Each answer of a provider counts once. Nothing was changed now. Your accounts show what became of it.',
    },
    expired: {
      title: 'That took too long',
      text: 'You have ten minutes to agree at the provider and come back. No account was connected. Please begin again.',
    },
  },
};

const fr: ConnectionTranslations = {
  title: 'Comptes connectés',
  intro: (organization) =>
    `${organization} utilise ces comptes pour voir quand vous êtes libre, inscrire les auditions dans l’agenda et créer des réunions vidéo. Vous pouvez retirer chacun d’eux à tout moment.`,
  connectTitle: (provider) => `Connecter votre compte ${provider}`,
  connectIntro: (organization, provider) =>
    `${organization} souhaite utiliser votre compte ${provider} pour les auditions\u00a0: voir quand vous êtes libre, inscrire les auditions dans l’agenda ou créer des réunions vidéo. À la page suivante, ${provider} vous demandera votre accord.`,
  againTitle: (provider) => `Reconnecter votre compte ${provider}`,
  none: 'Aucun compte n’est encore connecté.',
  status: 'État',
  scopes: 'Autorise à',
  noScopes: 'rien d’autre que savoir de quel compte il s’agit',
  refreshed: 'Dernier renouvellement',
  notRefreshed: 'pas encore',
  connected: 'Connecté',
  needsReauthorization: 'Doit être reconnecté',
  reasons: {
    grant_refused:
      'Le fournisseur n’accepte plus notre accès. Cela arrive aussi après un changement de mot de passe.',
    refresh_lost: 'Le fournisseur a renouvelé notre accès, mais sa réponse ne nous est pas parvenue.',
    scopes_missing: 'Tout ce qui est nécessaire n’a pas été autorisé.',
    deauthorized: 'L’accès a été retiré chez le fournisseur.',
    disconnected_here: 'Il a été déconnecté ici.',
  },
  add: 'Connecter un autre compte',
  addFirst: 'Connecter un compte',
  connect: (provider) => `Connecter ${provider}`,
  again: (provider) => `Reconnecter ${provider}`,
  disconnect: 'Déconnecter',
  disconnectAsk: (provider) =>
    `Nous rendons l’accès à ${provider} et l’effaçons ici. Les auditions déjà inscrites dans l’agenda y restent, mais nous ne pourrons plus les modifier.`,
  disconnectYes: 'Oui, déconnecter',
  appleId: 'Compte Apple (adresse e-mail)',
  applePassword: 'Mot de passe pour application',
  appleHint:
    'Créez-en un sur account.apple.com, sous «\u00a0Connexion et sécurité\u00a0». N’entrez jamais ici votre propre mot de passe Apple.',
  appleServer: 'Un autre serveur d’agenda',
  appleServerLabel: 'Adresse du serveur CalDAV (laisser vide pour iCloud)',
  appleTrouble: {
    wrongPassword:
      'Ce compte et ce mot de passe n’ont pas été acceptés. Vérifiez les deux et créez au besoin un nouveau mot de passe.',
    unknownName:
      'Il n’existe pas de serveur portant le nom indiqué dans cette adresse. Vérifiez-la, ou laissez-la vide pour iCloud.',
    badServer:
      'Cette adresse n’est pas celle d’un serveur d’agenda que nous pouvons appeler. Laissez vide pour iCloud.',
    appleAway:
      'Le serveur d’agenda ne répond pas pour le moment. Rien n’a été modifié. Veuillez réessayer dans une minute.',
    tooManyAttempts:
      'Il y a eu trop de tentatives infructueuses. Veuillez réessayer dans une heure, avec un nouveau mot de passe pour application.',
  },
  notices: {
    connected: (provider) => `Votre compte ${provider} est connecté.`,
    disconnected: (provider) => `Votre compte ${provider} est déconnecté. Nous n’y avons plus accès.`,
    disconnectedHere: (provider) => `Votre compte ${provider} est déconnecté, et notre accès est effacé ici.`,
    revokedLater: (provider) =>
      `Votre compte ${provider} est déconnecté. ${provider} ne répond pas pour le moment\u00a0: nous réessayons de lui rendre l’accès jusqu’à ce qu’il réponde.`,
    calendarsChosen: () => 'Votre choix d’agendas est enregistré.',
  },
  takeAway: (provider) =>
    `Pour le retirer aussi chez ${provider}, ouvrez la page de vos applications connectées`,
  redirectTitle: (provider) => `Vers ${provider}`,
  redirectLabel: (provider) => `Continuer vers ${provider}`,
  returnTitle: 'Votre compte est connecté',
  returnLabel: 'Continuer',
  back: 'Retour à vos comptes',
  tryAgain: 'Réessayer',
  notNow: 'Pas maintenant',
  leave: 'Revenir sans connecter',
  done: (provider) => ({
    title: `Votre compte ${provider} est connecté`,
    text: 'Vous pouvez fermer cette page.',
  }),
  missing: 'Il manque\u00a0:',
  obstacles: {
    invalid: {
      title: 'Ce lien ne fonctionne pas',
      text: 'Il a peut-être été coupé. Veuillez copier le lien entier, ou en demander un autre là où vous l’avez reçu.',
    },
    linkExpired: {
      title: 'Ce lien a expiré',
      text: 'Veuillez en demander un autre là où vous l’avez reçu. Rien n’a été modifié.',
    },
    foreignForm: {
      title: 'Veuillez ouvrir la page à nouveau',
      text: 'Votre navigateur n’a pas renvoyé ce que notre page lui avait donné. Autorisez son cookie, ouvrez à nouveau le lien et réessayez. Rien n’a été modifié.',
    },
    notOffered: {
      title: 'Ce fournisseur ne peut pas être connecté',
      text: 'Le service n’est pas configuré pour lui. Rien n’a été modifié.',
    },
    unreadable: {
      title: 'Nous n’avons pas compris',
      text: 'Rien n’a été modifié. Veuillez ouvrir à nouveau le lien et utiliser les boutons de la page.',
    },
    later: {
      title: 'Veuillez réessayer dans une minute',
      text: 'Quelque chose de notre côté ne répond pas pour le moment. Rien n’a été modifié.',
    },
    denied: {
      title: 'Vous n’avez pas donné votre accord',
      text: 'Aucun compte n’a donc été connecté, et rien n’a été conservé.',
    },
    partial: {
      title: 'Une autorisation nécessaire manque',
      text: 'Le compte n’a donc pas été connecté, et ce que vous aviez autorisé a été rendu. Si vous réessayez, laissez toutes les cases cochées.',
    },
    otherAccount: {
      title: 'C’était un autre compte',
      text: 'Veuillez choisir le compte qui était connecté auparavant. Rien n’a été modifié.',
    },
    unusable: {
      title: 'La réponse du fournisseur n’a pas pu être utilisée',
      text: 'Sa réponse ne nous était pas destinée ou a déjà servi. Aucun compte n’a été connecté. Veuillez recommencer.',
    },
    providerAway: {
      title: 'Le fournisseur ne répond pas pour le moment',
      text: 'Aucun compte n’a été connecté. Veuillez réessayer dans quelques minutes.',
    },
    misconfigured: {
      title: 'Le fournisseur n’a pas accepté notre demande',
      text: 'Aucun compte n’a été connecté. Ce n’est pas de votre faute\u00a0: prévenez la personne qui vous a donné le lien.',
    },
    unknownState: {
      title: 'Nous ne connaissons pas cette réponse',
      text: 'Aucune connexion que cette adresse pourrait terminer n’a été commencée ici. Rien n’a été modifié. Veuillez recommencer à partir du lien reçu.',
    },
    otherBrowser: {
      title: 'Cela a commencé dans un autre navigateur',
      text: 'La connexion d’un compte doit se terminer dans le navigateur où elle a commencé. Rien n’a été modifié. Veuillez ouvrir le lien reçu dans ce navigateur et autoriser son cookie.',
    },
    used: {
      title: 'C’est déjà fait',
      text: 'Chaque réponse d’un fournisseur ne compte qu’une fois. Rien n’a été modifié maintenant. Vos comptes montrent ce qu’il en est.',
    },
    expired: {
      title: 'Cela a pris trop de temps',
      text: 'Vous avez dix minutes pour donner votre accord chez le fournisseur et revenir. Aucun compte n’a été connecté. Veuillez recommencer.',
    },
  },
};

const translations: Readonly<Record<Language, ConnectionTranslations>> = { en, fr };

/** Returns the texts in a language. */
export const connectionTranslationsFor = (language: Language): ConnectionTranslations =>
  translations[language];
