/** The texts of the page of a join link, by language. */
import type { Language } from '../language.ts';

interface JoinTranslations {
  readonly openTitle: string;
  readonly open: string;
  readonly join: string;
  readonly earlyTitle: string;
  /** @param time when the link opens, in the time zone of the participant, with its name */
  readonly early: (time: string) => string;
  readonly checkInTitle: string;
  readonly checkIn: string;
  /** The button that puts the performer on the waiting list. */
  readonly checkInButton: string;
  readonly waitingTitle: string;
  /** @param place 1 for the performer who is next */
  readonly waiting: (place: number) => string;
  readonly turnTitle: string;
  readonly turn: string;
  readonly personalTitle: string;
  readonly personal: string;
  /** The audition had another time before. */
  readonly moved: string;
  readonly role: string;
  readonly project: string;
  readonly time: string;
  readonly office: string;
  readonly preparingTitle: string;
  readonly preparing: string;
  readonly backupTitle: string;
  readonly backup: string;
  /** The button to a meeting that may still work. */
  readonly tryAnyway: string;
  readonly phone: string;
  readonly place: string;
  readonly overTitle: string;
  readonly over: string;
  readonly invalidTitle: string;
  readonly invalid: string;
  readonly laterTitle: string;
  readonly later: string;
}

const en: JoinTranslations = {
  openTitle: 'Your audition',
  open: 'The meeting is open. Press the button to join it.',
  join: 'Join the meeting',
  earlyTitle: 'Your audition has not begun yet',
  early: (time) => `This link opens on ${time}. Please open it again then.`,
  checkInTitle: 'Your audition',
  checkIn: 'Press the button when you are ready. The casting office then admits you in turn.',
  checkInButton: 'I am ready',
  waitingTitle: 'You are checked in',
  waiting: (place) =>
    place === 1
      ? 'You are next. Keep this page open: it shows when the casting office is ready for you.'
      : `You are number ${place} in the list. Keep this page open: it shows when the casting office is ready for you.`,
  turnTitle: 'It is your turn',
  turn: 'The casting office is ready for you. Press the button to join the meeting.',
  personalTitle: 'Please use your own link',
  personal:
    'Performers are admitted to this audition in turn. Please use the link in the message that was sent to you.',
  moved: 'The time has changed. The time below is the right one, and this link stays valid.',
  role: 'Role',
  project: 'Project',
  time: 'Date and time',
  office: 'Casting office',
  preparingTitle: 'The room is being prepared',
  preparing: 'Your audition moves to another video room. This page loads again by itself in a few seconds.',
  backupTitle: 'Your audition takes place without video',
  backup: 'Video is not available now. Please take part as follows:',
  tryAnyway: 'Try the video meeting',
  phone: 'Dial in',
  place: 'Come to',
  overTitle: 'This audition is over',
  over: 'The link worked until the end of the audition. Please write to the casting office if you have questions.',
  invalidTitle: 'This link does not work',
  invalid:
    'It may have been cut short, or it was replaced. Please use the link from the latest message, or write to the casting office.',
  laterTitle: 'Please try again in a minute',
  later: 'We could not open your link just now. Please load this page again.',
};

const fr: JoinTranslations = {
  openTitle: 'Votre audition',
  open: 'La réunion est ouverte. Appuyez sur le bouton pour la rejoindre.',
  join: 'Rejoindre la réunion',
  earlyTitle: 'Votre audition n’a pas encore commencé',
  early: (time) => `Ce lien s’ouvre le ${time}. Veuillez le rouvrir à ce moment-là.`,
  checkInTitle: 'Votre audition',
  checkIn: 'Appuyez sur le bouton lorsque vous êtes prêt. L’agence de casting vous fera entrer à votre tour.',
  checkInButton: 'Je suis prêt',
  waitingTitle: 'Vous êtes enregistré',
  waiting: (place) =>
    place === 1
      ? 'Vous êtes le prochain. Gardez cette page ouverte\u00a0: elle indique quand l’agence de casting est prête.'
      : `Vous êtes numéro ${place} sur la liste. Gardez cette page ouverte\u00a0: elle indique quand l’agence de casting est prête.`,
  turnTitle: 'C’est votre tour',
  turn: 'L’agence de casting vous attend. Appuyez sur le bouton pour rejoindre la réunion.',
  personalTitle: 'Veuillez utiliser votre propre lien',
  personal:
    'Les interprètes entrent dans cette audition à tour de rôle. Veuillez utiliser le lien du message que vous avez reçu.',
  moved: 'L’horaire a changé. Celui qui est indiqué ci-dessous est le bon, et ce lien reste valable.',
  role: 'Rôle',
  project: 'Projet',
  time: 'Date et heure',
  office: 'Agence de casting',
  preparingTitle: 'La salle est en préparation',
  preparing:
    'Votre audition passe dans une autre salle vidéo. Cette page se recharge d’elle-même dans quelques secondes.',
  backupTitle: 'Votre audition a lieu sans vidéo',
  backup: 'La vidéo n’est pas disponible. Veuillez participer comme suit\u00a0:',
  tryAnyway: 'Essayer la réunion vidéo',
  phone: 'Par téléphone',
  place: 'Sur place',
  overTitle: 'Cette audition est terminée',
  over: 'Le lien a fonctionné jusqu’à la fin de l’audition. Pour toute question, veuillez écrire à l’agence de casting.',
  invalidTitle: 'Ce lien ne fonctionne pas',
  invalid:
    'Il a peut-être été coupé, ou remplacé. Veuillez utiliser le lien du dernier message, ou écrire à l’agence de casting.',
  laterTitle: 'Veuillez réessayer dans une minute',
  later: 'Nous n’avons pas pu ouvrir votre lien. Veuillez recharger cette page.',
};

const translations: Readonly<Record<Language, JoinTranslations>> = { en, fr };

/** Returns the texts in a language. */
export const joinTranslationsFor = (language: Language): JoinTranslations => translations[language];
