import type { Translation } from './translation.ts';

/** Texts of SMS use only GSM-7 characters (3GPP TS 23.038). Any other character doubles the price of the message. */
export const fr: Translation = {
  lang: 'fr',
  rounds: {
    first: 'Première audition',
    callback: 'Deuxième audition',
    chemistry_read: 'Essai en duo',
    screen_test: 'Bout d’essai',
  },
  subject: {
    invitation: ({ role, project }) => `Invitation : ${role}, ${project}`,
    update: ({ role, project }) => `Nouvel horaire : ${role}, ${project}`,
    reminder: ({ role, project }) => `Rappel : ${role}, ${project}`,
    cancellation: ({ role, project }) => `Annulation : ${role}, ${project}`,
  },
  short: { invitation: 'Audition', update: 'Nouvel horaire', reminder: 'Rappel', cancellation: 'Annulation' },
  greeting: (name) => `Bonjour ${name},`,
  toPerformer: {
    invitation: ({ role, project }) =>
      `Nous vous invitons à auditionner pour le rôle de ${role} dans ${project}.`,
    update: ({ role, project }) => `Votre audition pour le rôle de ${role} dans ${project} change d’horaire.`,
    reminder: ({ role, project }) => `Rappel de votre audition pour le rôle de ${role} dans ${project}.`,
    cancellation: ({ role, project }) =>
      `Votre audition pour le rôle de ${role} dans ${project} n’aura pas lieu.`,
  },
  toOthers: {
    invitation: ({ role, project }) =>
      `Nous comptons sur vous pour une audition du rôle de ${role} dans ${project}.`,
    update: ({ role, project }) => `L’audition pour le rôle de ${role} dans ${project} change d’horaire.`,
    reminder: ({ role, project }) => `Rappel de l’audition pour le rôle de ${role} dans ${project}.`,
    cancellation: ({ role, project }) =>
      `L’audition pour le rôle de ${role} dans ${project} n’aura pas lieu.`,
  },
  until: (end) => `jusqu’à ${end}`,
  labels: {
    when: 'Quand',
    zone: 'Fuseau horaire',
    atPlace: 'Heure sur place',
    round: 'Étape',
    room: 'Lieu',
    join: 'Rejoindre en vidéo',
    notes: 'Remarques',
    reason: 'Motif',
  },
  answer: 'Dites-nous si vous pouvez venir :',
  answerShort: 'Répondre :',
  atPlaceShort: 'sur place :',
  reference: 'Réf',
};
