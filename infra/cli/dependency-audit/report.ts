/** Judges the report of `npm audit --json` by the list of allowed advisories. */
import { z } from 'zod';

/** An advisory that does not fail the check, until a day. */
export const allowedAdvisoriesSchema = z.array(
  z.strictObject({
    advisory: z.url().describe('The address of the advisory, as in the report'),
    reason: z.string().min(20).describe('Why it does not concern this service'),
    until: z.iso.date().describe('The day after which the advisory must be judged again'),
  }),
);
export type AllowedAdvisory = z.infer<typeof allowedAdvisoriesSchema>[number];

/** Severities that fail the check. Lower ones are printed only. */
const failing: ReadonlySet<string> = new Set(['moderate', 'high', 'critical']);

/**
 * Version 2 of the report (https://github.com/npm/npm-audit-report). `via` names a package through which the advisory
 * arrives, or the advisory itself.
 */
const completeSchema = z.object({
  auditReportVersion: z.literal(2).describe('Version of the format'),
  vulnerabilities: z
    .record(
      z.string(),
      z.object({
        via: z
          .array(
            z.union([
              z.string(),
              z.object({
                name: z.string().describe('The affected package'),
                title: z.string().describe('The advisory in one sentence'),
                url: z.string().describe('Its address, which identifies it'),
                severity: z.string().describe('info, low, moderate, high or critical'),
                range: z.string().describe('The affected versions'),
              }),
            ]),
          )
          .describe('Causes'),
      }),
    )
    .describe('By package'),
});

/** npm writes this when the registry is unreachable or offers no audit. */
const failedSchema = z.object({
  error: z
    .object({ summary: z.string().optional(), detail: z.string().optional() })
    .describe('The error of npm'),
  message: z.string().optional().describe('The answer of the registry'),
});

interface Advisory {
  readonly name: string;
  readonly title: string;
  readonly url: string;
  readonly severity: string;
  readonly range: string;
}

export type AuditResult =
  | {
      readonly kind: 'audited';
      /** Advisories that fail the check. */
      readonly rejected: readonly Advisory[];
      /** Advisories of low severity. */
      readonly minor: readonly Advisory[];
      /** Entries of the list that match no advisory, or whose day is over. */
      readonly stale: readonly AllowedAdvisory[];
    }
  | { readonly kind: 'not_audited'; readonly reason: string };

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/**
 * Returns the result of an audit.
 * @param output what npm wrote to its standard output
 * @param today a date without time, such as 2026-12-01
 */
export const judgeAudit = (
  output: string,
  allowed: readonly AllowedAdvisory[],
  today: string,
): AuditResult => {
  const report = parseJson(output);
  const complete = completeSchema.safeParse(report);
  if (!complete.success) {
    const failed = failedSchema.safeParse(report).data;
    const reason = failed?.message || failed?.error.summary || failed?.error.detail;
    return { kind: 'not_audited', reason: reason || 'npm wrote no report' };
  }
  const found = new Map<string, Advisory>();
  for (const { via } of Object.values(complete.data.vulnerabilities))
    for (const cause of via) if (typeof cause !== 'string') found.set(`${cause.url} ${cause.name}`, cause);
  const advisories = [...found.values()];
  const inForce = allowed.filter(({ until }) => until >= today);
  const isAllowed = ({ url }: Advisory) => inForce.some(({ advisory }) => advisory === url);
  return {
    kind: 'audited',
    rejected: advisories.filter((each) => failing.has(each.severity) && !isAllowed(each)),
    minor: advisories.filter((each) => !failing.has(each.severity) && !isAllowed(each)),
    stale: allowed.filter(
      (each) => !inForce.includes(each) || !advisories.some(({ url }) => url === each.advisory),
    ),
  };
};
