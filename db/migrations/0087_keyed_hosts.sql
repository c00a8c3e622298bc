CREATE INDEX "connections_with_unkeyed_reference" ON "connections" USING btree ("account_reference") WHERE "connections"."account_reference" ~ '^[0-9a-f]{64}$';--> statement-breakpoint
CREATE INDEX "deliveries_with_unkeyed_address" ON "deliveries" USING btree ("address") WHERE "deliveries"."address" ~ '^[0-9a-f]{64}$';--> statement-breakpoint
CREATE INDEX "meeting_host_claims_with_unkeyed_host" ON "meeting_host_claims" USING btree ("host") WHERE "meeting_host_claims"."host" ~ '^[0-9a-f]{64}$';--> statement-breakpoint
CREATE INDEX "suppressions_with_unkeyed_address" ON "suppressions" USING btree ("address") WHERE "suppressions"."address" ~ '^[0-9a-f]{64}$';--> statement-breakpoint
-- A process of an earlier version does not find the keyed host of another claim: it would give one host two meetings at a time. An update
-- can store such a hash too, when a claim changes its host.
CREATE TRIGGER meeting_host_claims_have_keyed_hosts BEFORE INSERT OR UPDATE OF host ON meeting_host_claims FOR EACH ROW
  WHEN (NEW.host ~ '^[0-9a-f]{64}$') EXECUTE FUNCTION refuse_unkeyed_hash();
