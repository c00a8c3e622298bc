CREATE INDEX "busy_calendars_by_data_key" ON "busy_calendars" USING btree ("data_key");--> statement-breakpoint
CREATE INDEX "connections_to_reconnect" ON "connections" USING btree ("updated_at") WHERE status = 'needs_reauthorization';--> statement-breakpoint
CREATE INDEX "connections_by_reference_key" ON "connections" USING btree ("provider",split_part(provider_account, ':', 1)) WHERE status = 'connected';--> statement-breakpoint
CREATE INDEX "pending_revocations_revoked" ON "pending_revocations" USING btree ("revoked_at") WHERE revoked_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX "outbox_by_endpoint" ON "outbox" USING btree ("endpoint");