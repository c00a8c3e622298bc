-- The processes measure the health again within seconds. Rows of whole providers would say nothing about a group.
DELETE FROM "provider_health";--> statement-breakpoint
ALTER TABLE "provider_health" DROP CONSTRAINT "provider_health_provider_connection_process_pk";--> statement-breakpoint
ALTER TABLE "provider_health" ADD COLUMN "operation_group" text NOT NULL;--> statement-breakpoint
ALTER TABLE "provider_health" ADD CONSTRAINT "provider_health_provider_operation_group_connection_process_pk" PRIMARY KEY("provider","operation_group","connection","process");
