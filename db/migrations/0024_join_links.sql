CREATE TABLE "join_links" (
	"id" text PRIMARY KEY NOT NULL,
	"organization" text NOT NULL,
	"audition_id" text NOT NULL,
	"participant" text,
	"generation" integer NOT NULL,
	"locale" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "join_uses" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "join_uses_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"link" text NOT NULL,
	"revision" integer NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"device" text NOT NULL,
	"network" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "meeting_backup" jsonb;--> statement-breakpoint
ALTER TABLE "join_uses" ADD CONSTRAINT "join_uses_link_join_links_id_fk" FOREIGN KEY ("link") REFERENCES "public"."join_links"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "join_links_once" ON "join_links" USING btree ("audition_id",coalesce("participant", ''),"generation");--> statement-breakpoint
CREATE INDEX "join_uses_by_link" ON "join_uses" USING btree ("link");