import { expect, it } from 'vitest';
import { vendorsToPlay } from './sandbox.ts';

it('plays every vendor of which no variable is set', () => {
  expect([...vendorsToPlay({})]).toEqual(['Google', 'Zoom', 'Twilio']);
});

it('leaves a vendor alone that is given by its address or its credentials', () => {
  expect([...vendorsToPlay({ GOOGLE_CLIENT_ID: 'real' })]).toEqual(['Zoom', 'Twilio']);
  expect([...vendorsToPlay({ ZOOM_API_URL: 'https://api.zoom.us/v2', TWILIO_ACCOUNT_SID: 'AC1' })]).toEqual([
    'Google',
  ]);
});

it('takes an empty variable for one that is not set', () => {
  expect(vendorsToPlay({ GOOGLE_CLIENT_ID: '' }).has('Google')).toBe(true);
});
