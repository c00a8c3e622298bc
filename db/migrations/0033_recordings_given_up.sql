DROP INDEX "recordings_to_retain";--> statement-breakpoint
CREATE INDEX "recordings_to_retain" ON "recordings" USING btree ("retain_until") WHERE state IN ('stored', 'processing');