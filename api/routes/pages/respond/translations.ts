/** The texts of the page that an invitation links to, by language. */
import type { Language } from '../language.ts';

interface RespondTranslations {
  readonly title: string;
  readonly role: string;
  readonly project: string;
  readonly when: string;
  readonly whenAtPlace: string;
  readonly place: string;
  readonly video: string;
  /** @param provider undefined for a meeting of a provider that is not known */
  readonly videoLink: (provider: string | undefined) => string;
  readonly office: string;
  readonly question: string;
  readonly accept: string;
  readonly decline: string;
  readonly accepted: string;
  readonly declined: string;
  readonly changeMind: string;
  /** @param time the end of the period, formatted in the participant's time zone */
  readonly changeUntil: (time: string) => string;
  readonly final: string;
  readonly closedTitle: string;
  readonly closed: string;
  readonly takenTitle: string;
  readonly taken: string;
  readonly movedTitle: string;
  readonly moved: string;
  readonly formerTitle: string;
  readonly former: string;
  readonly invalidTitle: string;
  readonly invalid: string;
  readonly unreadableTitle: string;
  readonly unreadable: string;
  readonly laterTitle: string;
  readonly later: string;
}

const en: RespondTranslations = {
  title: 'Your audition',
  role: 'Role',
  project: 'Project',
  when: 'When',
  whenAtPlace: 'Time at the place',
  place: 'Where',
  video: 'By video',
  videoLink: (provider = 'Online') => `${provider}. The link to join is in the messages that we send you.`,
  office: 'Casting office',
  question: 'Can you come?',
  accept: 'Yes, I will be there',
  decline: 'No, I cannot',
  accepted: 'You said yes. Thank you.',
  declined: 'You said no. Thank you for telling us.',
  changeMind: 'Something changed? You can answer again.',
  changeUntil: (time) => `You can change this answer until ${time}.`,
  final: 'This answer is final. If you can come after all, please write to the casting office.',
  closedTitle: 'This audition can no longer be answered here',
  closed: 'It has begun, is over, or was cancelled. Please write to the casting office.',
  takenTitle: 'This time is no longer free',
  taken:
    'It was given to another audition after you had declined. If you can come after all, please write to the casting office.',
  movedTitle: 'The time has changed',
  moved:
    'This link belongs to an earlier time, and no answer was recorded. A message with a new link is sent to you: please answer with that one.',
  formerTitle: 'This invitation is no longer valid',
  former:
    'The casting office has changed who takes part in this audition. If you got another invitation, please use the link in that one. If not, you need not come.',
  invalidTitle: 'This link does not work',
  invalid:
    'It may have been cut short. Please copy the whole link from the message, or write to the casting office.',
  unreadableTitle: 'We did not understand your answer',
  unreadable:
    'Nothing was changed. Please open the link in the message again and choose one of the two answers.',
  laterTitle: 'Please try again in a minute',
  later: 'We could not take your answer just now. Please send it again.',
};

const fr: RespondTranslations = {
  title: 'Votre audition',
  role: 'Rôle',
  project: 'Projet',
  when: 'Quand',
  whenAtPlace: 'Heure sur place',
  place: 'Lieu',
  video: 'En vidéo',
  videoLink: (provider = 'En ligne') =>
    `${provider}. Le lien de connexion figure dans les messages que nous vous envoyons.`,
  office: 'Agence de casting',
  question: 'Pouvez-vous venir\u202f?',
  accept: 'Oui, je serai là',
  decline: 'Non, je ne peux pas',
  accepted: 'Vous avez dit oui. Merci.',
  declined: 'Vous avez dit non. Merci de nous avoir prévenus.',
  changeMind: 'Un changement\u202f? Vous pouvez répondre à nouveau.',
  changeUntil: (time) => `Vous pouvez modifier cette réponse jusqu’au ${time}.`,
  final:
    'Cette réponse est définitive. Si vous pouvez finalement venir, veuillez écrire à l’agence de casting.',
  closedTitle: 'Il n’est plus possible de répondre ici',
  closed: 'L’audition a commencé, est terminée ou a été annulée. Veuillez écrire à l’agence de casting.',
  takenTitle: 'Cet horaire n’est plus libre',
  taken:
    'Il a été attribué à une autre audition après votre refus. Si vous pouvez finalement venir, veuillez écrire à l’agence de casting.',
  movedTitle: 'L’horaire a changé',
  moved:
    'Ce lien correspond à un horaire précédent, et aucune réponse n’a été enregistrée. Un message avec un nouveau lien vous est envoyé\u00a0: veuillez répondre avec celui-ci.',
  formerTitle: 'Cette invitation n’est plus valable',
  former:
    'L’agence de casting a changé les participants de cette audition. Si vous avez reçu une autre invitation, veuillez utiliser le lien de celle-ci. Sinon, votre présence n’est pas nécessaire.',
  invalidTitle: 'Ce lien ne fonctionne pas',
  invalid:
    'Il a peut-être été coupé. Veuillez copier le lien entier du message, ou écrire à l’agence de casting.',
  unreadableTitle: 'Nous n’avons pas compris votre réponse',
  unreadable:
    'Rien n’a été modifié. Veuillez ouvrir à nouveau le lien du message et choisir l’une des deux réponses.',
  laterTitle: 'Veuillez réessayer dans une minute',
  later: 'Nous n’avons pas pu enregistrer votre réponse. Veuillez l’envoyer à nouveau.',
};

const translations: Readonly<Record<Language, RespondTranslations>> = { en, fr };

/** Returns the texts in a language. */
export const respondTranslationsFor = (language: Language): RespondTranslations => translations[language];
