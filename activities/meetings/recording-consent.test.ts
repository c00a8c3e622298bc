/** Withdrawals at a provider that lets only people stop a recording. */
import { describe, expect, it } from 'vitest';
import type { RecordingConsent } from '../../domain/audition/events.ts';
import type { MeetingSettings } from '../../domain/audition/meeting-settings.ts';
import { foldEvents } from '../../domain/audition/view.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { minute } from '../../domain/time/units.ts';
import { factsUntilScheduled, newAuditionId, trail } from '../../tests/harness/audition-trail.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { applyConsent } from './recording-consent.ts';

const byHost = { recording: 'cloud' } as const;
const automatic = { recording: 'cloud', autoStartRecording: true } as const;

/** @param startsIn when the slot begins, in milliseconds from now */
const apply = (settings: MeetingSettings, consent: RecordingConsent | undefined, startsIn: number) => {
  const auditionId = newAuditionId();
  const facts = factsUntilScheduled(auditionId, 'org_1');
  const { participants } = foldEvents(trail([...facts]));
  const answers = participants.flatMap(({ id }) =>
    consent ? [{ type: 'recording_consented', participant: id, consent, origin: 'link' } as const] : [],
  );
  const view = foldEvents(trail([...facts, ...answers]));
  const start = Date.now() + startsIn;
  return applyConsent(
    {
      events: { head: async () => ({ view, number: 0, run: undefined }) },
      recordings: {
        name: 'microsoft_teams',
        isAutomatic: async () => false,
        setAutomatic: async () => {},
      },
    },
    {
      organization: 'org_1',
      auditionId,
      correlationId: 'corr-1',
      trail: { facts: [], number: 0 },
      provider: 'microsoft_teams',
      meeting: {
        provider: 'microsoft_teams',
        id: 'm1',
        joinUrl: 'https://teams.test/m1',
        notHonored: ['autoStartRecording'],
      },
      slot: { start: toInstant(start), end: toInstant(start + 30 * minute), zone: 'UTC' },
      settings,
    },
    { kind: 'service', user: 'me' },
    callContext(),
  );
};

describe.each([
  ['without automatic start', byHost],
  ['whose automatic start is withheld', automatic],
])('a meeting %s, whose recording only people can stop', (_case, settings) => {
  it('raises attention when a consent is withdrawn during the session', async () => {
    await expect(apply(settings, 'withdrawn', -minute)).rejects.toMatchObject({
      vendor: { code: 'recording_may_run' },
    });
  });

  it.each([
    ['a consent is withdrawn before the session', 'withdrawn', minute],
    ['a participant refuses', 'refused', -minute],
    ['no one has answered', undefined, -minute],
  ] as const)('raises nothing when %s', async (_when, consent, startsIn) => {
    expect(await apply(settings, consent, startsIn)).toBeUndefined();
  });
});

it('does not read the consents of a meeting that is not to be recorded', async () => {
  expect(await apply({}, 'withdrawn', -minute)).toBeUndefined();
});
