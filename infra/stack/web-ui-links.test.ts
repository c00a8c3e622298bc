import { expect, it } from 'vitest';
import { webUiLinks } from './web-ui-links.ts';

it('the links to the Web UI are complete addresses, each with its query', () => {
  const links = webUiLinks('http://127.0.0.1:8233/namespaces/default/workflows');
  const queries = links.map(({ address }) => new URL(address).searchParams.get('query'));
  expect(queries).toEqual([
    'CastMatchAttention IS NOT NULL',
    'WorkflowType = "audition" AND ExecutionStatus = "Running"',
    'ExecutionStatus IN ("Failed", "Terminated", "TimedOut")',
  ]);
  for (const { address } of links) expect(address).not.toMatch(/[\s"]/);
});
