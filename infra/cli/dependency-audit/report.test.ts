import { describe, expect, it } from 'vitest';
import { type AllowedAdvisory, judgeAudit } from './report.ts';

const advisory = (severity: string) => ({
  source: 1,
  name: 'left-pad',
  dependency: 'left-pad',
  title: 'Pads on the wrong side',
  url: 'https://github.com/advisories/GHSA-0000',
  severity,
  range: '<1.3.0',
});
const reportOf = (severity: string) =>
  JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities: {
      'left-pad': { name: 'left-pad', severity, via: [advisory(severity)] },
      padder: { name: 'padder', severity, via: ['left-pad'] },
    },
    metadata: {},
  });
const allow = (until: string): AllowedAdvisory => ({
  advisory: 'https://github.com/advisories/GHSA-0000',
  reason: 'this service pads nothing on the left',
  until,
});
const today = '2026-12-01';

describe('the dependency audit', () => {
  it('rejects an advisory once, however many packages depend on the affected one', () => {
    expect(judgeAudit(reportOf('high'), [], today)).toMatchObject({
      kind: 'audited',
      rejected: [{ name: 'left-pad', severity: 'high' }],
    });
  });

  it('reports an advisory of low severity without rejecting it', () => {
    expect(judgeAudit(reportOf('low'), [], today)).toMatchObject({
      rejected: [],
      minor: [{ name: 'left-pad' }],
    });
  });

  it('accepts an allowed advisory until its day', () => {
    expect(judgeAudit(reportOf('high'), [allow(today)], today)).toMatchObject({ rejected: [], stale: [] });
    expect(judgeAudit(reportOf('high'), [allow('2026-11-30')], today)).toMatchObject({
      rejected: [{ name: 'left-pad' }],
      stale: [{ until: '2026-11-30' }],
    });
  });

  it('reports an allowed advisory that is no longer found', () => {
    const empty = JSON.stringify({ auditReportVersion: 2, vulnerabilities: {} });
    expect(judgeAudit(empty, [allow('2027-01-01')], today)).toMatchObject({
      stale: [{ until: '2027-01-01' }],
    });
  });

  it.each([
    [
      'the registry refuses the audit',
      JSON.stringify({ message: '405 Method Not Allowed', error: { summary: '', detail: '' } }),
      '405 Method Not Allowed',
    ],
    [
      'there is no network',
      JSON.stringify({ error: { code: 'ENOTFOUND', summary: 'request failed', detail: '' } }),
      'request failed',
    ],
    ['npm ends without a report', '', 'npm wrote no report'],
  ])('reports that nothing was audited when %s', (_case, output, reason) => {
    expect(judgeAudit(output, [], today)).toEqual({ kind: 'not_audited', reason });
  });
});
