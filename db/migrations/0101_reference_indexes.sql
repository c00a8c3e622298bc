CREATE INDEX "busy_calendars_by_data_key" ON "busy_calendars" USING btree ("data_key");--> statement-breakpoint
CREATE INDEX "outbox_by_endpoint" ON "outbox" USING btree ("endpoint");