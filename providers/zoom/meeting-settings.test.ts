import { describe, expect, it } from 'vitest';
import type { MeetingSettings, SettingName } from '../../domain/audition/meeting-settings.ts';
import { notHonoredBy, zoomFieldsOf } from './meeting-settings.ts';

describe('zoomFieldsOf', () => {
  it.each<[string, MeetingSettings, object]>([
    ['nothing for no settings', {}, {}],
    ['the waiting room', { waitingRoom: true }, { settings: { waiting_room: true } }],
    ['a given passcode', { passcode: { kind: 'given', value: 'abc123' } }, { password: 'abc123' }],
    ['a generated passcode', { passcode: { kind: 'generated' } }, { default_password: true }],
    ['no passcode', { passcode: { kind: 'none' } }, { password: '', default_password: false }],
    ['no joining before the host', { joinBeforeHost: 'never' }, { settings: { join_before_host: false } }],
    [
      'joining at any time',
      { joinBeforeHost: 'anytime' },
      { settings: { join_before_host: true, jbh_time: 0 } },
    ],
    ['joining early', { joinBeforeHost: 10 }, { settings: { join_before_host: true, jbh_time: 10 } }],
    [
      'the longest time that Zoom offers below the requested one',
      { joinBeforeHost: 45 },
      { settings: { join_before_host: true, jbh_time: 10 } },
    ],
    [
      'the shortest time that Zoom offers for a shorter one',
      { joinBeforeHost: 2 },
      { settings: { join_before_host: true, jbh_time: 5 } },
    ],
    ['muting', { muteOnEntry: false }, { settings: { mute_upon_entry: false } }],
    ['no recording', { recording: 'none' }, { settings: { auto_recording: 'none' } }],
    ['a recording that the host starts', { recording: 'cloud' }, { settings: { auto_recording: 'none' } }],
    [
      'a recording that starts automatically',
      { recording: 'cloud', autoStartRecording: true },
      { settings: { auto_recording: 'cloud' } },
    ],
    [
      'alternative hosts',
      { alternativeHosts: ['a@example.com', 'b@example.com'] },
      { settings: { alternative_hosts: 'a@example.com;b@example.com' } },
    ],
    [
      'breakout rooms',
      { breakoutRooms: [{ name: 'Pair 1', people: ['a@example.com'] }, { name: 'Pair 2' }] },
      {
        settings: {
          breakout_room: {
            enable: true,
            rooms: [
              { name: 'Pair 1', participants: ['a@example.com'] },
              { name: 'Pair 2', participants: [] },
            ],
          },
        },
      },
    ],
    [
      'nothing for what Zoom has no field for',
      { language: 'fr', whoMayShare: 'host', endOfMeeting: 'with_slot' },
      {},
    ],
  ])('returns %s', (_what, settings, fields) => {
    expect(zoomFieldsOf(settings)).toEqual(fields);
  });
});

describe('notHonoredBy', () => {
  it.each<[string, MeetingSettings, Parameters<typeof notHonoredBy>[1], readonly SettingName[]]>([
    ['nothing without settings', {}, { settings: { waiting_room: true } }, []],
    ['nothing that Zoom does not state', { waitingRoom: true, muteOnEntry: true }, {}, []],
    ['a locked waiting room', { waitingRoom: false }, { settings: { waiting_room: true } }, ['waitingRoom']],
    [
      'a passcode that the account requires',
      { passcode: { kind: 'none' } },
      { password: 'x1' },
      ['passcode'],
    ],
    ['another passcode', { passcode: { kind: 'given', value: 'a' } }, { password: 'b' }, ['passcode']],
    ['a missing passcode', { passcode: { kind: 'generated' } }, { password: '' }, ['passcode']],
    ['a time that Zoom does not offer', { joinBeforeHost: 45 }, {}, ['joinBeforeHost']],
    ['no time that Zoom offers', { joinBeforeHost: 5 }, { settings: { jbh_time: 5 } }, []],
    [
      'joining before the host with a waiting room',
      { joinBeforeHost: 5, waitingRoom: true },
      { settings: { waiting_room: true, join_before_host: false } },
      ['joinBeforeHost'],
    ],
    [
      'joining before the host where the account forbids it',
      { joinBeforeHost: 'anytime' },
      { settings: { join_before_host: false } },
      ['joinBeforeHost'],
    ],
    [
      'joining before the host that the account forces',
      { joinBeforeHost: 'never' },
      { settings: { join_before_host: true } },
      ['joinBeforeHost'],
    ],
    [
      'an automatic recording that the account forbids',
      { recording: 'cloud', autoStartRecording: true },
      { settings: { auto_recording: 'none' } },
      ['autoStartRecording'],
    ],
    [
      'a recording that the account forces',
      { recording: 'none' },
      { settings: { auto_recording: 'cloud' } },
      ['recording'],
    ],
    [
      'a removed alternative host',
      { alternativeHosts: ['a@example.com'] },
      { settings: { alternative_hosts: '' } },
      ['alternativeHosts'],
    ],
    [
      'no alternative host in another order and case',
      { alternativeHosts: ['b@example.com', 'A@example.com'] },
      { settings: { alternative_hosts: 'a@example.com;b@example.com;' } },
      [],
    ],
    [
      'missing breakout rooms',
      { breakoutRooms: [{ name: 'Pair 1' }] },
      { settings: { breakout_room: { enable: false, rooms: [] } } },
      ['breakoutRooms'],
    ],
    [
      'what Zoom has no field for',
      { language: 'fr', whoMayShare: 'everyone', endOfMeeting: 'with_slot' },
      {},
      ['language', 'whoMayShare', 'endOfMeeting'],
    ],
    ['a part of a calendar event', { calendarEvent: true }, {}, ['calendarEvent']],
    ['nothing for a meeting apart from calendars', { calendarEvent: false }, {}, []],
    ['no open end', { endOfMeeting: 'open' }, {}, []],
  ])('names %s', (_what, settings, applied, names) => {
    expect(notHonoredBy(settings, applied, false)).toEqual(names);
  });

  it('does not name the end with the slot when the meeting can be ended', () => {
    expect(notHonoredBy({ endOfMeeting: 'with_slot' }, {}, true)).toEqual([]);
  });
});
