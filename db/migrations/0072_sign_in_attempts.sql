CREATE TABLE "sign_in_attempts" (
	"subject" text NOT NULL,
	"hour" timestamp with time zone NOT NULL,
	"attempts" integer NOT NULL,
	CONSTRAINT "sign_in_attempts_subject_hour_pk" PRIMARY KEY("subject","hour")
);
--> statement-breakpoint
CREATE INDEX "sign_in_attempts_by_hour" ON "sign_in_attempts" USING btree ("hour");