import { expect, it } from 'vitest';
import { pathOfLink } from './graph-client.ts';

it.each([
  'https://graph.microsoft.com/v1.0/me/calendar/calendarView?$skip=10',
  'https://proxy.example/graph/v1.0/me/calendar/calendarView?$skip=10',
  'http://127.0.0.1:4010/v1.0/me/calendar/calendarView?$skip=10',
])('the link %s leads to the configured server', (link) => {
  expect(pathOfLink(link)).toBe('/me/calendar/calendarView?$skip=10');
});
