DROP INDEX "auditions_by_request";--> statement-breakpoint
DROP INDEX "auditions_by_project";--> statement-breakpoint
DROP INDEX "auditions_needing_attention";--> statement-breakpoint
DROP INDEX "session_blocks_by_creation";--> statement-breakpoint
CREATE INDEX "auditions_by_state" ON "auditions" USING btree ("organization","state","requested_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "auditions_by_role" ON "auditions" USING btree ("organization","role","requested_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "outbox_by_audition" ON "outbox" USING btree ("audition_id");--> statement-breakpoint
CREATE INDEX "webhook_inbox_by_data_key" ON "webhook_inbox" USING btree ("data_key");--> statement-breakpoint
CREATE INDEX "auditions_by_request" ON "auditions" USING btree ("organization","requested_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "auditions_by_project" ON "auditions" USING btree ("organization","project","requested_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "auditions_needing_attention" ON "auditions" USING btree ("organization","requested_at" DESC NULLS FIRST,"id" DESC NULLS FIRST) WHERE "auditions"."needs_attention";--> statement-breakpoint
CREATE INDEX "session_blocks_by_creation" ON "session_blocks" USING btree ("organization","created_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);