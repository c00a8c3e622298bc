import { expect, it } from 'vitest';
import { backupPage, type JoinDetails } from './page.ts';

const details: JoinDetails = {
  titles: undefined,
  office: 'North',
  locale: 'en-GB',
  time: {
    slot: { start: '2027-03-01T10:00:00.000Z', end: '2027-03-01T10:30:00.000Z', zone: 'Europe/Paris' },
    zone: 'Europe/Paris',
    isMoved: false,
    dialIn: '+44 20 1234 5678, 999#',
  },
};

it('the page of the plan without video states the number of the plan, and not that of the meeting', () => {
  const text = backupPage('en', details, { backup: { phone: '+33 1 23 45 67 89' }, canJoin: true });
  expect(text).toContain('+33 1 23 45 67 89');
  expect(text).not.toContain('+44 20 1234 5678');
});
