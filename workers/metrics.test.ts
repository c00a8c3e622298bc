import { expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

it('the metrics count activity attempts by outcome, attention items by step, delivery reports by status and provider calls by outcome', async () => {
  const metrics = createMetrics();
  metrics.activityEnded({
    activity: 'createMeeting',
    taskQueue: 'zoom',
    outcome: 'failed',
    errorType: 'outage',
    seconds: 0.2,
  });
  metrics.attentionRaised({ step: 'meeting', code: 'outage' });
  metrics.disagreementFound({ fault: 'workflow_ended', repair: 'taken_over' });
  metrics.callEnded({ provider: 'zoom', operation: 'meetings.create', outcome: 'ok', seconds: 0.02 });
  metrics.deliveryReported({ channel: 'sms', status: 'delivered' });
  const text = await metrics.render();
  expect(text).toContain(
    'castmatch_activity_duration_seconds_count{activity="createMeeting",task_queue="zoom",outcome="failed",error_type="outage"} 1',
  );
  expect(text).toContain('castmatch_attention_items_raised_total{step="meeting",code="outage"} 1');
  expect(text).toContain(
    'castmatch_provider_call_duration_seconds_bucket{le="0.025",provider="zoom",operation="meetings.create",outcome="ok"} 1',
  );
  expect(text).toContain(
    'castmatch_reconciliation_findings_total{fault="workflow_ended",repair="taken_over"} 1',
  );
  expect(text).toContain('castmatch_delivery_reports_total{channel="sms",status="delivered"} 1');
  expect(text).toContain('process_cpu_seconds_total');
});

it('the metrics of two instances are independent', async () => {
  const [first, second] = [createMetrics(), createMetrics()];
  first.attentionRaised({ step: 'hold', code: 'none' });
  expect(await second.render()).not.toContain('step="hold"');
});
