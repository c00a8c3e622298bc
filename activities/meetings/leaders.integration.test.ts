/** The people who lead a Zoom meeting beside its host. */
import { describe, expect, it } from 'vitest';
import type { MeetingSettings } from '../../domain/audition/meeting-settings.ts';
import { slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';

const benchFor = useActivityHarness();

const [director, colleague, outsider] = [
  'director@example.com',
  'colleague@example.com',
  'outsider@other.example',
] as const;

const setup = async (settings: MeetingSettings = { roles: true }) => {
  const bench = await benchFor({
    sandbox: {
      zoom: {
        users: {
          [director]: 'licensed',
          [colleague]: 'licensed',
          [outsider]: 'basic',
          'josé@example.com': 'basic',
        },
      },
    },
  });
  const about = { ...bench.about, provider: 'zoom', slot, settings } as const;
  const meeting = await bench.activities.createMeeting({
    ...about,
    key: bench.key('meeting:zoom:1'),
    revision: 1,
    topic: 'Nightfall',
    hasFallback: false,
  });
  return {
    ...bench,
    meeting,
    lead: (...leaders: readonly string[]) => bench.activities.setLeaders({ ...about, meeting, leaders }),
    /** Expects that these people are the alternative hosts of the meeting. */
    expectLeaders: (...leaders: readonly string[]) =>
      expect(bench.state().zoom.meetings).toMatchObject([
        { settings: { alternative_hosts: leaders.join(';') } },
      ]),
  };
};

describe('the casting directors', () => {
  it('are alternative hosts, those of now, and the meeting keeps the ones of its settings', async () => {
    const { lead, expectLeaders, meeting } = await setup({ roles: true, alternativeHosts: [colleague] });
    expect(meeting).not.toHaveProperty('notHonored');
    expect(await lead(director)).toEqual({ isHonored: true });
    expectLeaders(colleague, director);
    expect(await lead(director)).toEqual({ isHonored: true });
    expect(await lead()).toEqual({ isHonored: true });
    expectLeaders(colleague);
  });

  it('who are no licensed users of the account are left out, and the others lead the meeting', async () => {
    const { lead, expectLeaders } = await setup();
    expect(await lead(outsider, director)).toEqual({ isHonored: false });
    expectLeaders(director);
    expect(await lead(outsider)).toEqual({ isHonored: false });
  });

  it('are left out when their addresses are not those of users, or would name two people', async () => {
    const { lead, expectLeaders } = await setup();
    const basic = 'josé@example.com';
    expect(await lead(basic, director)).toEqual({ isHonored: false });
    expectLeaders(director);
    expect(await lead('"colleague@example.com;x"@example.com', director)).toEqual({ isHonored: false });
    expectLeaders(director);
  });

  it('do not lead the room of a session, which keeps the leaders of its settings', async () => {
    const settings = { roles: true, alternativeHosts: [colleague] };
    const { activities, about, meeting, expectLeaders } = await setup(settings);
    const room = { ...meeting, room: 'session' } as const;
    const input = { ...about, provider: 'zoom', slot, settings, meeting: room } as const;
    expect(await activities.setLeaders({ ...input, leaders: [director] })).toEqual({ isHonored: false });
    expectLeaders(colleague);
  });

  it('cannot be set while Zoom is down', async () => {
    const { lead, fault } = await setup();
    fault('zoom', { kind: 'outage', operation: 'meetings.update', times: 1 });
    await expect(lead(director)).rejects.toMatchObject({ type: 'outage' });
  });
});

it('a Google Meet meeting names the roles as not honoured', async () => {
  const bench = await benchFor();
  const meeting = await bench.activities.createMeeting({
    ...bench.about,
    key: bench.key('meeting:google_meet:1'),
    provider: 'google_meet',
    slot,
    revision: 1,
    topic: 'Nightfall',
    hasFallback: false,
    settings: { roles: true },
  });
  expect(meeting).toMatchObject({ notHonored: ['roles'] });
});
