CREATE TABLE "recording_accesses" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"recording" text NOT NULL,
	"file" text NOT NULL,
	"principal" text NOT NULL,
	"first_byte" bigint NOT NULL,
	"correlation_id" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "recording_files" (
	"recording" text NOT NULL,
	"id" text NOT NULL,
	"kind" text NOT NULL,
	"format" text NOT NULL,
	"state" text NOT NULL,
	"expected_size" bigint,
	"storage_key" text,
	"size" bigint,
	"sha256" text,
	"stored_at" timestamp with time zone,
	CONSTRAINT "recording_files_recording_id_pk" PRIMARY KEY("recording","id")
);
--> statement-breakpoint
CREATE TABLE "recording_holds" (
	"subject" text PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"reason" text NOT NULL,
	"placed_by" text NOT NULL,
	"placed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "recording_policies" (
	"organization" text PRIMARY KEY NOT NULL,
	"policy" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "recordings" (
	"id" text PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"audition_id" text NOT NULL,
	"provider" text NOT NULL,
	"meeting_id" text NOT NULL,
	"instance" text NOT NULL,
	"state" text DEFAULT 'processing' NOT NULL,
	"started_at" timestamp with time zone,
	"duration" integer,
	"found_at" timestamp with time zone DEFAULT now() NOT NULL,
	"stored_at" timestamp with time zone,
	"retain_until" timestamp with time zone,
	"deletion_reason" text,
	"deleted_at" timestamp with time zone,
	"provider_copy" text,
	"correlation_id" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "attention_items" ADD COLUMN "workflow_id" text;--> statement-breakpoint
CREATE INDEX "recording_accesses_by_recording" ON "recording_accesses" USING btree ("recording","id");--> statement-breakpoint
CREATE INDEX "recording_holds_by_organization" ON "recording_holds" USING btree ("organization");--> statement-breakpoint
CREATE INDEX "recordings_by_audition" ON "recordings" USING btree ("audition_id");--> statement-breakpoint
CREATE INDEX "recordings_to_retain" ON "recordings" USING btree ("retain_until") WHERE state = 'stored';--> statement-breakpoint
CREATE INDEX "recordings_to_delete" ON "recordings" USING btree ("id") WHERE state = 'deleting';