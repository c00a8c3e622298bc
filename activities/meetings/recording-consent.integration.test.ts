import { describe, expect, it } from 'vitest';
import type { RecordingConsent } from '../../domain/audition/events.ts';
import type { Meeting } from '../../domain/audition/meeting.ts';
import type { MeetingSettings } from '../../domain/audition/meeting-settings.ts';
import {
  type ActivityHarnessOptions,
  slot,
  useActivityHarness,
} from '../../tests/harness/activity-harness.ts';

const benchFor = useActivityHarness();

const settings = { recording: 'cloud', autoStartRecording: true } as const;

const accountScopes = [
  'meeting:write:meeting:admin',
  'meeting:read:meeting:admin',
  'meeting:read:list_meetings:admin',
  'meeting:update:meeting:admin',
  'meeting:update:in_meeting_controls:admin',
];

const setUp = async (options: ActivityHarnessOptions = {}) => {
  const bench = await benchFor(options);
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
  const check = (meeting: Meeting, wanted: MeetingSettings = settings) =>
    bench.activities.checkMeeting({ ...bench.about, provider: 'zoom', meeting, slot, settings: wanted });
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

  it('is stopped while it is running, by a withdrawal after the session has begun', async () => {
    const { create, consent, check, sandbox, state } = await setUp();
    await consent('given');
    const meeting = await create();
    // No one receives the webhook.
    void sandbox.control.sendMeetingEvent(meeting.id, { event: 'meeting.started' });
    const running = () => state().zoom.recordingNow;
    expect(running()).toEqual([meeting.id]);
    await consent('withdrawn');
    const isWithheld = { status: 'present', notHonored: ['autoStartRecording'] };
    expect(await check(meeting)).toEqual(isWithheld);
    expect(running()).toEqual([]);
    // A repeated attempt finds nothing to stop.
    expect(await check(meeting)).toEqual(isWithheld);
    expect(await check({ ...meeting, notHonored: ['autoStartRecording'] })).toEqual({ status: 'present' });
  });

  it('asks an operator when this service may not stop it, and moves no one to another meeting', async () => {
    const { create, consent, check, sandbox } = await setUp({
      sandbox: {
        zoom: { accountScopes: accountScopes.filter((scope) => !scope.includes('in_meeting_controls')) },
      },
    });
    await consent('given');
    const meeting = await create();
    void sandbox.control.sendMeetingEvent(meeting.id, { event: 'meeting.started' });
    await consent('withdrawn');
    await expect(check(meeting)).rejects.toMatchObject({
      type: 'rejected_input',
      nonRetryable: true,
      details: [{ code: 'recording_may_run' }],
    });
  });

  it('is not counted as stopped when its provider does not answer while it is running', async () => {
    const { create, consent, check, sandbox, state, fault } = await setUp();
    await consent('given');
    const meeting = await create();
    void sandbox.control.sendMeetingEvent(meeting.id, { event: 'meeting.started' });
    await consent('withdrawn');
    fault('zoom', { kind: 'outage', operation: 'meetings.controls', times: 1 });
    await expect(check(meeting)).rejects.toMatchObject({ type: 'outage' });
    expect(await check(meeting)).toMatchObject({ notHonored: ['autoStartRecording'] });
    expect(state().zoom.recordingNow).toEqual([]);
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

const startByHand = ({ sandbox }: Awaited<ReturnType<typeof setUp>>, { id }: Meeting): void => {
  // No one receives the webhook.
  void sandbox.control.sendMeetingEvent(id, { event: 'meeting.started' });
  sandbox.control.recordByHand(id);
};

describe('a recording that the host has started', () => {
  const byHost = { recording: 'cloud' } as const;
  const withoutControls = {
    sandbox: {
      zoom: { accountScopes: accountScopes.filter((scope) => !scope.includes('in_meeting_controls')) },
    },
  };

  it.each([
    ['of a meeting without automatic start', byHost],
    ['of a meeting whose automatic start is withheld', settings],
  ])('is stopped by a withdrawal: %s', async (_case, wanted) => {
    const bench = await setUp();
    const meeting = await bench.create();
    startByHand(bench, meeting);
    expect(bench.state().zoom.recordingNow).toEqual([meeting.id]);
    await bench.consent('withdrawn');
    expect(await bench.check(meeting, wanted)).toEqual({ status: 'present' });
    expect(bench.state().zoom.recordingNow).toEqual([]);
  });

  it.each([
    ['of a meeting without automatic start', byHost],
    ['of a meeting whose automatic start is withheld', settings],
  ])('raises attention when this service may not stop it: %s', async (_case, wanted) => {
    const bench = await setUp(withoutControls);
    const meeting = await bench.create();
    startByHand(bench, meeting);
    await bench.consent('withdrawn');
    await expect(bench.check(meeting, wanted)).rejects.toMatchObject({
      type: 'rejected_input',
      details: [{ code: 'recording_may_run' }],
    });
  });

  it('continues after a consent', async () => {
    const bench = await setUp();
    const meeting = await bench.create();
    startByHand(bench, meeting);
    await bench.consent('given');
    expect(await bench.check(meeting, byHost)).toEqual({ status: 'present' });
    expect(bench.state().zoom.recordingNow).toEqual([meeting.id]);
  });
});
