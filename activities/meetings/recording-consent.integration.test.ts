import { describe, expect, it } from 'vitest';
import type { Meeting, RecordingConsent } from '../../domain/audition/events.ts';

import { slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';

const benchFor = useActivityHarness();

const settings = { recording: 'cloud', autoStartRecording: true } as const;

const setUp = async () => {
  const bench = await benchFor();
  await bench.record();
  const create = () =>
    bench.activities.createMeeting({
      ...bench.about,
      key: bench.key('meeting:zoom:1'),
      provider: 'zoom',
      slot,
      revision: 1,
      topic: 'Nightfall',
      hasFallback: false,
      settings,
    });
  const consent = async (given: RecordingConsent) => {
    const head = await bench.repositories.events.head('org_1', bench.auditionId);
    for (const { id } of head?.view.participants ?? [])
      await bench.record({ type: 'recording_consented', participant: id, consent: given, origin: 'api' });
  };
  const recorded = () => bench.state().zoom.meetings.map((meeting) => meeting.settings['auto_recording']);
  const check = (meeting: Meeting) =>
    bench.activities.checkMeeting({ ...bench.about, provider: 'zoom', meeting, slot, settings });
  return { ...bench, create, consent, check, recorded };
};

describe('a meeting that is to be recorded automatically', () => {
  it('is not, and says so, before everyone has consented', async () => {
    const { create, recorded } = await setUp();
    expect(await create()).toMatchObject({ notHonored: ['autoStartRecording'] });
    expect(recorded()).toEqual(['none']);
  });

  it('is when everyone has consented', async () => {
    const { create, consent, recorded } = await setUp();
    await consent('given');
    expect(await create()).not.toHaveProperty('notHonored');
    expect(recorded()).toEqual(['cloud']);
  });

  it('is not when a consent was withdrawn', async () => {
    const { create, consent, recorded } = await setUp();
    await consent('given');
    await consent('withdrawn');
    expect(await create()).toMatchObject({ notHonored: ['autoStartRecording'] });
    expect(recorded()).toEqual(['none']);
  });

  it('is from the check before the session on, when the consents came later', async () => {
    const { create, consent, check, recorded } = await setUp();
    const meeting = await create();
    expect(await check(meeting)).toEqual({ status: 'present' });
    expect(recorded()).toEqual(['none']);
    await consent('given');
    expect(await check(meeting)).toEqual({ status: 'present', notHonored: [] });
    expect(recorded()).toEqual(['cloud']);
    // The audition has recorded it.
    const { notHonored: _before, ...honored } = meeting;
    expect(await check(honored)).toEqual({ status: 'present' });
  });

  it('is not any more from the check on, when a consent was withdrawn later', async () => {
    const { create, consent, check, recorded } = await setUp();
    await consent('given');
    const meeting = await create();
    await consent('withdrawn');
    expect(await check(meeting)).toEqual({ status: 'present', notHonored: ['autoStartRecording'] });
    expect(recorded()).toEqual(['none']);
  });

  it('is stopped by a withdrawal, also when the answer to its start was lost', async () => {
    const { create, consent, check, recorded, fault } = await setUp();
    const meeting = await create();
    await consent('given');
    fault('zoom', { kind: 'lost_answer', operation: 'meetings.update', times: 1 });
    // The audition still believes that the recording does not start by itself.
    expect(await check(meeting)).toEqual({ status: 'present' });
    expect(recorded()).toEqual(['cloud']);
    await consent('withdrawn');
    expect(await check(meeting)).toEqual({ status: 'present' });
    expect(recorded()).toEqual(['none']);
  });

  it('is not when the consent was withdrawn after an attempt whose answer was lost', async () => {
    const { create, consent, recorded, fault, timePasses } = await setUp();
    await consent('given');
    fault('zoom', { kind: 'lost_answer', operation: 'meetings.create', times: 1 });
    await expect(create()).rejects.toMatchObject({ nonRetryable: false });
    expect(recorded()).toEqual(['cloud']);
    await consent('withdrawn');
    await timePasses();
    expect(await create()).toMatchObject({ notHonored: ['autoStartRecording'] });
    expect(recorded()).toEqual(['none']);
  });
  it('is not any more when the consent was withdrawn before the attempt that finds the meeting', async () => {
    const { create, consent, recorded, fault } = await setUp();
    await consent('given');
    fault('zoom', { kind: 'lost_answer', operation: 'meetings.create', times: 1 });
    await expect(create()).rejects.toMatchObject({ type: 'outage' });
    expect(recorded()).toEqual(['cloud']);
    await consent('withdrawn');
    expect(await create()).toMatchObject({ notHonored: ['autoStartRecording'] });
    expect(recorded()).toEqual(['none']);
  });

  it('is when the consent was given before the attempt that finds the meeting', async () => {
    const { create, consent, recorded, fault } = await setUp();
    fault('zoom', { kind: 'lost_answer', operation: 'meetings.create', times: 1 });
    await expect(create()).rejects.toMatchObject({ type: 'outage' });
    await consent('given');
    expect(await create()).not.toHaveProperty('notHonored');
    expect(recorded()).toEqual(['cloud']);
  });

  it('is not from the check on without a consent, whatever the audition knows of the meeting', async () => {
    const { create, consent, check, recorded } = await setUp();
    await consent('given');
    const meeting = await create();
    await consent('withdrawn');
    expect(await check({ ...meeting, notHonored: ['autoStartRecording'] })).toEqual({ status: 'present' });
    expect(recorded()).toEqual(['none']);
  });
});
