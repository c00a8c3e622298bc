CREATE TABLE "session_room_uses" (
	"key" text NOT NULL,
	"session" text NOT NULL,
	"number" integer NOT NULL,
	"audition_id" text NOT NULL,
	"starts_at" timestamp with time zone NOT NULL,
	"ends_at" timestamp with time zone NOT NULL,
	"revision" integer NOT NULL,
	"is_settled" boolean DEFAULT false NOT NULL,
	"has_ended" boolean DEFAULT false NOT NULL,
	CONSTRAINT "session_room_uses_key_session_number_pk" PRIMARY KEY("key","session","number")
);
--> statement-breakpoint
CREATE TABLE "session_rooms" (
	"session" text NOT NULL,
	"number" integer NOT NULL,
	"organization" text NOT NULL,
	"key" text NOT NULL,
	"provider" text NOT NULL,
	"state" text NOT NULL,
	"meeting_id" text,
	"settings" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"zone" text NOT NULL,
	"created_from" timestamp with time zone NOT NULL,
	"created_until" timestamp with time zone NOT NULL,
	"starts_at" timestamp with time zone NOT NULL,
	"ends_at" timestamp with time zone NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	"applied_revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "session_rooms_session_number_pk" PRIMARY KEY("session","number")
);
--> statement-breakpoint
ALTER TABLE "session_room_uses" ADD CONSTRAINT "session_room_uses_key_operations_key_fk" FOREIGN KEY ("key") REFERENCES "public"."operations"("key") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "session_room_uses_by_room" ON "session_room_uses" USING btree ("session","number");--> statement-breakpoint
CREATE INDEX "session_room_uses_by_audition" ON "session_room_uses" USING btree ("audition_id");--> statement-breakpoint
CREATE UNIQUE INDEX "session_rooms_by_key" ON "session_rooms" USING btree ("key");--> statement-breakpoint
CREATE UNIQUE INDEX "session_rooms_present" ON "session_rooms" USING btree ("session") WHERE "session_rooms"."state" = 'present';--> statement-breakpoint
CREATE INDEX "session_rooms_by_meeting" ON "session_rooms" USING btree ("meeting_id");