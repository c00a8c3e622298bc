/** Tests what a person reads who has entered the address of a server that does not exist. */
import { expect, it, onTestFinished } from 'vitest';
import { setUpConnectionFlow } from '../../../../tests/harness/connection-flow.ts';
import { createTestDatabase } from '../../../../tests/harness/database.ts';

it.each([
  [
    'an account',
    '/apple',
    { username: 'ann@icloud.com', password: 'abcd-efgh-ijkl-mnop', server: 'https://nowhere.example/' },
    { fault: { kind: 'rejected_input' }, code: 'name_unknown' },
  ],
  [
    'a feed',
    '/feed',
    { address: 'https://nowhere.example/5ec2e7.ics' },
    { fault: { kind: 'outage', effect: 'none' }, code: 'ENOTFOUND' },
  ],
] as const)('the form of %s says that no server has the name', async (_what, to, filled, { fault, code }) => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const { linkFrom, person, authorizers } = await setUpConnectionFlow(database);
  const link = await linkFrom('/v1/connections/page?owner=ann');
  authorizers.failNextCall(fault, code);
  expect(await person.submit(await person.open(link), { to }, filled)).toMatchObject({
    status: 422,
    text: expect.stringContaining('There is no server with the name in this address'),
  });
});
