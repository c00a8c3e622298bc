import type { Translation } from './translation.ts';

const on = (provider: string | undefined): string => (provider === undefined ? '' : ` sur ${provider}`);

/** Texts of SMS use only GSM-7 characters (3GPP TS 23.038). Any other character doubles the price of the message. */
export const fr: Translation = {
  lang: 'fr',
  rounds: {
    first: 'Première audition',
    callback: 'Deuxième audition',
    chemistry_read: 'Essai en duo',
    screen_test: 'Bout d’essai',
  },
  openings: {
    invitation: {
      subject: ({ role, project }) => `Invitation : ${role}, ${project}`,
      short: 'Audition',
      toPerformer: ({ role, project }) =>
        `Nous vous invitons à auditionner pour le rôle de ${role} dans ${project}.`,
      toOthers: ({ role, project }) =>
        `Nous comptons sur vous pour une audition du rôle de ${role} dans ${project}.`,
    },
    update: {
      subject: ({ role, project }) => `Nouvel horaire : ${role}, ${project}`,
      short: 'Nouvel horaire',
      toPerformer: ({ role, project }) =>
        `Votre audition pour le rôle de ${role} dans ${project} change d’horaire.`,
      toOthers: ({ role, project }) => `L’audition pour le rôle de ${role} dans ${project} change d’horaire.`,
    },
    reminder: {
      subject: ({ role, project }) => `Rappel : ${role}, ${project}`,
      short: 'Rappel',
      toPerformer: ({ role, project }) => `Rappel de votre audition pour le rôle de ${role} dans ${project}.`,
      toOthers: ({ role, project }) => `Rappel de l’audition pour le rôle de ${role} dans ${project}.`,
    },
    cancellation: {
      subject: ({ role, project }) => `Annulation : ${role}, ${project}`,
      short: 'Annulation',
      toPerformer: ({ role, project }) =>
        `Votre audition pour le rôle de ${role} dans ${project} n’aura pas lieu.`,
      toOthers: ({ role, project }) => `L’audition pour le rôle de ${role} dans ${project} n’aura pas lieu.`,
    },
  },
  sameTime: {
    place: {
      subject: ({ role, project }) => `Nouveau lieu : ${role}, ${project}`,
      short: 'Nouveau lieu',
      toPerformer: ({ role, project }) =>
        `Votre audition pour le rôle de ${role} dans ${project} change de lieu. L’horaire reste le même.`,
      toOthers: ({ role, project }) =>
        `L’audition pour le rôle de ${role} dans ${project} change de lieu. L’horaire reste le même.`,
    },
    link: {
      subject: ({ role, project }) => `Nouveau lien vidéo : ${role}, ${project}`,
      short: 'Nouveau lien vidéo',
      toPerformer: ({ role, project }) =>
        `Votre audition pour le rôle de ${role} dans ${project} a un nouveau lien vidéo. L’horaire reste le même.`,
      toOthers: ({ role, project }) =>
        `L’audition pour le rôle de ${role} dans ${project} a un nouveau lien vidéo. L’horaire reste le même.`,
    },
    no_link: {
      subject: ({ role, project }) => `Lien vidéo annulé : ${role}, ${project}`,
      short: 'Lien vidéo annulé',
      toPerformer: ({ role, project }) =>
        `Le lien vidéo de votre audition pour le rôle de ${role} dans ${project} n’est plus valable. L’horaire reste le même.`,
      toOthers: ({ role, project }) =>
        `Le lien vidéo de l’audition pour le rôle de ${role} dans ${project} n’est plus valable. L’horaire reste le même.`,
    },
    meeting: {
      subject: ({ role, project, provider }) => `Autre réunion vidéo${on(provider)} : ${role}, ${project}`,
      short: 'Autre réunion vidéo, lien inchangé',
      toPerformer: ({ role, project, provider }) =>
        `Votre audition pour le rôle de ${role} dans ${project} a maintenant lieu dans une autre réunion vidéo${on(provider)}. Votre lien et l’horaire restent les mêmes. Si vous êtes dans la réunion précédente, quittez-la et ouvrez à nouveau votre lien.`,
      toOthers: ({ role, project, provider }) =>
        `L’audition pour le rôle de ${role} dans ${project} a maintenant lieu dans une autre réunion vidéo${on(provider)}. Votre lien et l’horaire restent les mêmes. Si vous êtes dans la réunion précédente, quittez-la et ouvrez à nouveau votre lien.`,
    },
    rejoined: {
      subject: ({ role, project }) => `Entrée d’agenda : ${role}, ${project}`,
      short: 'Entrée d’agenda par e-mail',
      toPerformer: ({ role, project }) =>
        `Vous ne déclinez plus votre audition pour le rôle de ${role} dans ${project}. Cet e-mail contient l’entrée pour votre agenda.`,
      toOthers: ({ role, project }) =>
        `Vous ne déclinez plus l’audition pour le rôle de ${role} dans ${project}. Cet e-mail contient l’entrée pour votre agenda.`,
    },
    backup: {
      subject: ({ role, project }) => `Pas de vidéo, à lire : ${role}, ${project}`,
      short: 'Pas de vidéo',
      toPerformer: ({ role, project }) =>
        `La vidéo n’est pas disponible pour votre audition pour le rôle de ${role} dans ${project}. Elle a lieu comme suit. L’horaire reste le même.`,
      toOthers: ({ role, project }) =>
        `La vidéo n’est pas disponible pour l’audition pour le rôle de ${role} dans ${project}. Elle a lieu comme suit. L’horaire reste le même.`,
    },
  },
  declined: {
    subject: ({ role, project }) => `Vous avez décliné : ${role}, ${project}`,
    short: 'Décliné',
    toPerformer: ({ role, project }) =>
      `Vous avez décliné l’audition pour le rôle de ${role} dans ${project}. Cet e-mail en retire l’entrée de votre agenda.`,
    toOthers: ({ role, project }) =>
      `Vous avez décliné l’audition pour le rôle de ${role} dans ${project}. Cet e-mail en retire l’entrée de votre agenda.`,
  },
  otherCalendar: {
    connected: {
      subject: ({ role, project }) => `Dans votre agenda connecté : ${role}, ${project}`,
      short: 'Dans votre agenda connecté',
      toPerformer: ({ role, project }) =>
        `Votre audition pour le rôle de ${role} dans ${project} est maintenant dans votre agenda connecté. Cet e-mail en retire l’entrée précédente. L’audition a lieu comme prévu.`,
      toOthers: ({ role, project }) =>
        `L’audition pour le rôle de ${role} dans ${project} est maintenant dans votre agenda connecté. Cet e-mail en retire l’entrée précédente. L’audition a lieu comme prévu.`,
    },
    byEmail: {
      subject: ({ role, project }) => `Entrée d’agenda : ${role}, ${project}`,
      short: 'Entrée d’agenda par e-mail',
      toPerformer: ({ role, project }) =>
        `Votre audition pour le rôle de ${role} dans ${project} n’est plus dans votre agenda connecté. Cet e-mail contient l’entrée pour votre agenda. L’audition a lieu comme prévu.`,
      toOthers: ({ role, project }) =>
        `L’audition pour le rôle de ${role} dans ${project} n’est plus dans votre agenda connecté. Cet e-mail contient l’entrée pour votre agenda. L’audition a lieu comme prévu.`,
    },
  },
  greeting: (name) => `Bonjour ${name},`,
  until: (end) => `jusqu’à ${end}`,
  labels: {
    when: 'Quand',
    zone: 'Fuseau horaire',
    atPlace: 'Heure sur place',
    round: 'Étape',
    room: 'Lieu',
    join: 'Rejoindre en vidéo',
    phone: 'Par téléphone',
    place: 'Sur place',
    notes: 'Remarques',
    reason: 'Motif',
  },
  colon: '\u00a0:',
  answer: 'Dites-nous si vous pouvez venir\u00a0:',
  answerButton: 'Répondre',
  joinButton: 'Rejoindre',
  shortColon: ' :',
  answerShort: 'Répondre :',
  joinShort: 'Rejoindre :',
  atPlaceShort: 'sur place :',
  reference: 'Réf',
};
