/** The search attributes for operators. Ids and states only: search attributes are not encrypted. */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

export const searchAttributes = {
  organization: defineSearchAttributeKey('CastMatchOrganization', SearchAttributeType.KEYWORD),
  project: defineSearchAttributeKey('CastMatchProject', SearchAttributeType.KEYWORD),
  role: defineSearchAttributeKey('CastMatchRole', SearchAttributeType.KEYWORD),
  state: defineSearchAttributeKey('CastMatchState', SearchAttributeType.KEYWORD),
  /**
   * The step that waits for an operator; absent when none does. `CastMatchAttention IS NOT NULL` lists the auditions
   * with open attention items.
   */
  attention: defineSearchAttributeKey('CastMatchAttention', SearchAttributeType.KEYWORD),
  scheduledFor: defineSearchAttributeKey('CastMatchScheduledFor', SearchAttributeType.DATETIME),
  /** The correlation id of the request that started the workflow. It leads from a log line or a problem document here. */
  correlation: defineSearchAttributeKey('CastMatchCorrelation', SearchAttributeType.KEYWORD),
} as const;
