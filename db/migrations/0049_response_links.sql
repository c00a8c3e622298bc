CREATE TABLE "response_links" (
	"digest" text PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"audition_id" text NOT NULL,
	"participant" text NOT NULL,
	"revision" integer NOT NULL,
	"generation" integer NOT NULL,
	"locale" text NOT NULL,
	"sealed_titles" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "response_links_by_audition" ON "response_links" USING btree ("audition_id");