import type { Translation } from './translation.ts';

const on = (provider: string | undefined): string => (provider === undefined ? '' : ` on ${provider}`);

export const en: Translation = {
  lang: 'en',
  rounds: {
    first: 'First audition',
    callback: 'Callback',
    chemistry_read: 'Chemistry read',
    screen_test: 'Screen test',
  },
  openings: {
    invitation: {
      subject: ({ role, project }) => `Invitation: ${role}, ${project}`,
      short: 'Audition',
      toPerformer: ({ role, project }) =>
        `You are invited to audition for the role of ${role} in ${project}.`,
      toOthers: ({ role, project }) =>
        `You are asked to be at an audition for the role of ${role} in ${project}.`,
    },
    update: {
      subject: ({ role, project }) => `New time: ${role}, ${project}`,
      short: 'New time',
      toPerformer: ({ role, project }) =>
        `Your audition for the role of ${role} in ${project} has a new time.`,
      toOthers: ({ role, project }) => `The audition for the role of ${role} in ${project} has a new time.`,
    },
    reminder: {
      subject: ({ role, project }) => `Reminder: ${role}, ${project}`,
      short: 'Reminder',
      toPerformer: ({ role, project }) =>
        `A reminder of your audition for the role of ${role} in ${project}.`,
      toOthers: ({ role, project }) => `A reminder of the audition for the role of ${role} in ${project}.`,
    },
    cancellation: {
      subject: ({ role, project }) => `Cancelled: ${role}, ${project}`,
      short: 'Cancelled',
      toPerformer: ({ role, project }) =>
        `Your audition for the role of ${role} in ${project} does not take place.`,
      toOthers: ({ role, project }) =>
        `The audition for the role of ${role} in ${project} does not take place.`,
    },
  },
  sameTime: {
    place: {
      subject: ({ role, project }) => `New place: ${role}, ${project}`,
      short: 'New place',
      toPerformer: ({ role, project }) =>
        `Your audition for the role of ${role} in ${project} has a new place. The time is the same.`,
      toOthers: ({ role, project }) =>
        `The audition for the role of ${role} in ${project} has a new place. The time is the same.`,
    },
    link: {
      subject: ({ role, project }) => `New video link: ${role}, ${project}`,
      short: 'New video link',
      toPerformer: ({ role, project }) =>
        `Your audition for the role of ${role} in ${project} has a new video link. The time is the same.`,
      toOthers: ({ role, project }) =>
        `The audition for the role of ${role} in ${project} has a new video link. The time is the same.`,
    },
    no_link: {
      subject: ({ role, project }) => `Video link no longer valid: ${role}, ${project}`,
      short: 'Video link no longer valid',
      toPerformer: ({ role, project }) =>
        `The video link of your audition for the role of ${role} in ${project} is no longer valid. The time is the same.`,
      toOthers: ({ role, project }) =>
        `The video link of the audition for the role of ${role} in ${project} is no longer valid. The time is the same.`,
    },
    meeting: {
      subject: ({ role, project, provider }) => `Other video meeting${on(provider)}: ${role}, ${project}`,
      short: 'Other video meeting, same link',
      toPerformer: ({ role, project, provider }) =>
        `Your audition for the role of ${role} in ${project} now takes place in another video meeting${on(provider)}. Your link and the time are the same. If you are in the earlier meeting, leave it and open your link again.`,
      toOthers: ({ role, project, provider }) =>
        `The audition for the role of ${role} in ${project} now takes place in another video meeting${on(provider)}. Your link and the time are the same. If you are in the earlier meeting, leave it and open your link again.`,
    },
    rejoined: {
      subject: ({ role, project }) => `Calendar entry: ${role}, ${project}`,
      short: 'Calendar entry by email',
      toPerformer: ({ role, project }) =>
        `You no longer decline your audition for the role of ${role} in ${project}. This email contains the entry for your calendar.`,
      toOthers: ({ role, project }) =>
        `You no longer decline the audition for the role of ${role} in ${project}. This email contains the entry for your calendar.`,
    },
    backup: {
      subject: ({ role, project }) => `No video, please read: ${role}, ${project}`,
      short: 'No video',
      toPerformer: ({ role, project }) =>
        `Video is not available for your audition for the role of ${role} in ${project}. It takes place as follows. The time is the same.`,
      toOthers: ({ role, project }) =>
        `Video is not available for the audition for the role of ${role} in ${project}. It takes place as follows. The time is the same.`,
    },
  },
  declined: {
    subject: ({ role, project }) => `You have declined: ${role}, ${project}`,
    short: 'Declined',
    toPerformer: ({ role, project }) =>
      `You have declined the audition for the role of ${role} in ${project}. This email removes its entry from your calendar.`,
    toOthers: ({ role, project }) =>
      `You have declined the audition for the role of ${role} in ${project}. This email removes its entry from your calendar.`,
  },
  otherCalendar: {
    connected: {
      subject: ({ role, project }) => `In your connected calendar: ${role}, ${project}`,
      short: 'In your connected calendar',
      toPerformer: ({ role, project }) =>
        `Your audition for the role of ${role} in ${project} is now in your connected calendar. This email removes the earlier entry. The audition takes place as planned.`,
      toOthers: ({ role, project }) =>
        `The audition for the role of ${role} in ${project} is now in your connected calendar. This email removes the earlier entry. The audition takes place as planned.`,
    },
    byEmail: {
      subject: ({ role, project }) => `Calendar entry: ${role}, ${project}`,
      short: 'Calendar entry by email',
      toPerformer: ({ role, project }) =>
        `Your audition for the role of ${role} in ${project} is no longer in your connected calendar. This email contains the entry for your calendar. The audition takes place as planned.`,
      toOthers: ({ role, project }) =>
        `The audition for the role of ${role} in ${project} is no longer in your connected calendar. This email contains the entry for your calendar. The audition takes place as planned.`,
    },
  },
  greeting: (name) => `Hello ${name},`,
  until: (end) => `until ${end}`,
  labels: {
    when: 'When',
    zone: 'Time zone',
    atPlace: 'Time at the place',
    round: 'Round',
    room: 'Where',
    join: 'Join by video',
    phone: 'Dial in',
    place: 'Come to',
    notes: 'Notes',
    reason: 'Reason',
  },
  colon: ':',
  answer: 'Say whether you can come:',
  answerButton: 'Answer',
  joinButton: 'Join',
  shortColon: ':',
  answerShort: 'Answer:',
  joinShort: 'Join:',
  atPlaceShort: 'at the place:',
  reference: 'Ref',
};
