ALTER TABLE "outbox" ALTER COLUMN "audition_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "endpoint" text;