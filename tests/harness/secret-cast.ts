/** Defines people and texts that occur nowhere else, so that each occurrence outside the test data is a leak. */
import type { Secret } from './leaks.ts';
import { sandboxAccounts } from './service.ts';

const zone = 'Europe/Paris';

const performer = {
  id: 'person-1',
  kind: 'performer',
  name: 'Zoë Quillfeather',
  email: 'zoe.quillfeather@performers.example',
  phone: '+33612987654',
  zone,
  channels: ['email', 'sms'],
  // Google's ID of a user's primary calendar is the user's email address.
  calendar: { provider: 'google', connection: 'conn_performer', calendarId: sandboxAccounts.conn_performer },
};

const director = {
  id: 'person-2',
  kind: 'casting_director',
  name: 'Bartholomew Ashgrove',
  email: 'b.ashgrove@directors.example',
  zone,
  channels: ['email'],
  calendar: { provider: 'google', connection: 'conn_director', calendarId: 'primary' },
};

const reader = {
  id: 'person-3',
  kind: 'reader',
  name: 'Philippa Thistlewood',
  email: 'p.thistlewood@readers.example',
  // Twilio rejects this number, and quotes it in the error.
  phone: '+15005550001',
  zone,
  channels: ['email', 'sms'],
  required: false,
};

interface CastMember {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly phone?: string;
}

export const cast: readonly CastMember[] = [performer, director, reader];

export const words = {
  notes: 'Bring the scene with the lantern, and ask for Wilhelmina at the door.',
  moved: 'The ferry from Marseille is late',
  cancelled: 'The producer Montgomery has withdrawn',
  project: 'The Lighthouse of Ouessant',
  role: 'The keeper’s daughter',
  madeByHand: 'https://video.example/j/made-by-hand?pwd=Sesame',
};

/** The data that identifies a person. */
export const personalData: readonly Secret[] = [
  ...cast.flatMap(({ id, name, email, phone }) => [
    { what: `the name of ${id}`, text: name },
    ...name.split(' ').map((text) => ({ what: `a part of the name of ${id}`, text })),
    { what: `the address of ${id}`, text: email },
    ...(phone === undefined ? [] : [{ what: `the phone of ${id}`, text: phone.slice(1) }]),
  ]),
  ...Object.entries(sandboxAccounts).map(([id, text]) => ({ what: `the account of ${id}`, text })),
];

export const confidentialTexts: readonly Secret[] = Object.entries(words).map(([what, text]) => ({
  what,
  text,
}));
