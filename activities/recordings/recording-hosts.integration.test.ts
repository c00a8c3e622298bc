import { describe, expect, it } from 'vitest';
import { slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';
import { createRecordingHosts } from './recording-hosts.ts';

const benchFor = useActivityHarness();

describe('the host of a recording', () => {
  it('is the host of its meeting, also after the meeting was removed', async () => {
    const bench = await benchFor();
    const user = `hired-${bench.auditionId}@example.com`;
    await bench.repositories.meetingPreferences.set('org_1', {
      hosts: { zoom: [{ kind: 'service', user }] },
    });
    const key = bench.key('meeting:zoom:1');
    const meeting = await bench.activities.createMeeting({
      ...bench.about,
      key,
      provider: 'zoom',
      slot,
      revision: 1,
      topic: 'Nightfall',
      hasFallback: false,
    });
    const openHost = createRecordingHosts({ ...bench, reportAttention: () => {} });
    const call = { ...bench.about, provider: 'zoom', meetingId: meeting.id } as const;
    expect(await openHost(call)).toEqual({ kind: 'service', user });
    await bench.activities.removeMeeting({ ...bench.about, keys: [key], provider: 'zoom', slot });
    expect(bench.state().zoom.meetings).toEqual([]);
    expect(await openHost(call)).toEqual({ kind: 'service', user });
  });
});
