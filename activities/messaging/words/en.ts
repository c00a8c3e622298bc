import type { Translation } from './translation.ts';

export const en: Translation = {
  lang: 'en',
  rounds: {
    first: 'First audition',
    callback: 'Callback',
    chemistry_read: 'Chemistry read',
    screen_test: 'Screen test',
  },
  subject: {
    invitation: ({ role, project }) => `Invitation: ${role}, ${project}`,
    update: ({ role, project }) => `New time: ${role}, ${project}`,
    reminder: ({ role, project }) => `Reminder: ${role}, ${project}`,
    cancellation: ({ role, project }) => `Cancelled: ${role}, ${project}`,
  },
  short: { invitation: 'Audition', update: 'New time', reminder: 'Reminder', cancellation: 'Cancelled' },
  greeting: (name) => `Hello ${name},`,
  toPerformer: {
    invitation: ({ role, project }) => `You are invited to audition for the role of ${role} in ${project}.`,
    update: ({ role, project }) => `Your audition for the role of ${role} in ${project} has a new time.`,
    reminder: ({ role, project }) => `A reminder of your audition for the role of ${role} in ${project}.`,
    cancellation: ({ role, project }) =>
      `Your audition for the role of ${role} in ${project} does not take place.`,
  },
  toOthers: {
    invitation: ({ role, project }) =>
      `You are asked to be at an audition for the role of ${role} in ${project}.`,
    update: ({ role, project }) => `The audition for the role of ${role} in ${project} has a new time.`,
    reminder: ({ role, project }) => `A reminder of the audition for the role of ${role} in ${project}.`,
    cancellation: ({ role, project }) =>
      `The audition for the role of ${role} in ${project} does not take place.`,
  },
  until: (end) => `until ${end}`,
  labels: {
    when: 'When',
    zone: 'Time zone',
    atPlace: 'Time at the place',
    round: 'Round',
    room: 'Where',
    join: 'Join by video',
    notes: 'Notes',
    reason: 'Reason',
  },
  answer: 'Say whether you can come:',
  answerShort: 'Answer:',
  atPlaceShort: 'at the place:',
  reference: 'Ref',
};
