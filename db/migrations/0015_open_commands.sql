CREATE TABLE "open_commands" (
	"update_id" text PRIMARY KEY NOT NULL,
	"audition_id" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"next_attempt_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "open_commands_due" ON "open_commands" USING btree ("next_attempt_at");