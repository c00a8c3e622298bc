import { describe, expect, it } from 'vitest';
import {
  checkOrganizationMeetings,
  organizationMeetingsSchema,
  resolveMeetingSettings,
  resolveSettingsOfRounds,
} from './organization-meetings.ts';

const refused = (pointer: string) =>
  expect.objectContaining({ code: 'invalid_body', pointers: expect.arrayContaining([pointer]) });

describe('resolveMeetingSettings', () => {
  it('takes each setting from the request, then from the template of the round, then from the default', () => {
    const templates = {
      default: { waitingRoom: true, muteOnEntry: true, whoMayShare: 'host' },
      callback: { muteOnEntry: false, joinBeforeHost: 5 },
    } as const;
    expect(resolveMeetingSettings('callback', { joinBeforeHost: 'never' }, templates)).toEqual({
      waitingRoom: true,
      muteOnEntry: false,
      joinBeforeHost: 'never',
      whoMayShare: 'host',
    });
    expect(resolveMeetingSettings('first', {}, templates)).toEqual(templates.default);
  });

  it('returns no settings without templates and overrides', () => {
    expect(resolveMeetingSettings('screen_test')).toEqual({});
  });

  it('refuses an automatic recording of a meeting that is not recorded', () => {
    const templates = { default: { recording: 'cloud', autoStartRecording: true } } as const;
    expect(resolveMeetingSettings('first', {}, templates)).toEqual(templates.default);
    expect(() => resolveMeetingSettings('first', { recording: 'none' }, templates)).toThrow(
      refused('/meeting/settings/autoStartRecording'),
    );
  });
});

describe('the settings of a shared room', () => {
  it('admit performers in turn, unless a setting says otherwise', () => {
    expect(resolveMeetingSettings('first', { room: 'session' })).toEqual({
      room: 'session',
      admission: 'in_turn',
    });
    const templates = { default: { room: 'session', admission: 'open' } } as const;
    expect(resolveMeetingSettings('first', {}, templates)).toEqual(templates.default);
  });

  it('are refused together with a recording', () => {
    const refusal = expect.objectContaining({
      code: 'session_room_recorded',
      pointers: ['/meeting/settings/room', '/meeting/settings/recording'],
    });
    const recorded = { default: { recording: 'cloud' } } as const;
    expect(() => resolveMeetingSettings('first', { room: 'session' }, recorded)).toThrow(refusal);
    expect(() =>
      checkOrganizationMeetings({ templates: { ...recorded, callback: { room: 'session' } } }),
    ).toThrow(refusal);
  });
});

describe('resolveSettingsOfRounds', () => {
  it('returns the settings of each round with those of the request, when a round has a template', () => {
    const templates = { default: { muteOnEntry: true }, callback: { waitingRoom: true } } as const;
    expect(resolveSettingsOfRounds({ language: 'fr' }, templates)).toEqual({
      first: { muteOnEntry: true, language: 'fr' },
      callback: { muteOnEntry: true, waitingRoom: true, language: 'fr' },
      chemistry_read: { muteOnEntry: true, language: 'fr' },
      screen_test: { muteOnEntry: true, language: 'fr' },
    });
    expect(resolveSettingsOfRounds({ language: 'fr' }, { default: templates.default })).toBeUndefined();
  });
});

describe('the settings of an organization about meetings', () => {
  it.each([
    ['an unknown setting', { templates: { default: { waitingroom: true } } }],
    ['an unknown round', { templates: { second: {} } }],
    ['hosts of a provider without hosts', { hosts: { google_meet: [] } }],
    ['a host without a kind', { hosts: { zoom: [{ user: 'a@example.com' }] } }],
    [
      'a passcode that is too long',
      { templates: { default: { passcode: { kind: 'given', value: '12345678901' } } } },
    ],
    [
      'a passcode with other characters',
      { templates: { default: { passcode: { kind: 'given', value: 'a b' } } } },
    ],
    ['a language that is not a tag', { templates: { default: { language: 'French' } } }],
    ['an alternative host that is not an address', { templates: { default: { alternativeHosts: ['Ada'] } } }],
  ])('are refused for %s', (_what, settings) => {
    expect(organizationMeetingsSchema.safeParse(settings).success).toBe(false);
  });

  it('are refused when a template contradicts the default', () => {
    const templates = {
      default: { recording: 'cloud', autoStartRecording: true },
      callback: { recording: 'none' },
    } as const;
    expect(() => checkOrganizationMeetings({ templates })).toThrow(
      refused('/meeting/settings/autoStartRecording'),
    );
  });

  it('are refused when a host is listed twice', () => {
    const zoom = [
      { kind: 'service', user: 'a@example.com' },
      { kind: 'service', user: 'A@example.com' },
    ] as const;
    expect(() => checkOrganizationMeetings({ hosts: { zoom: [...zoom] } })).toThrow(refused('/hosts/zoom'));
  });
});
