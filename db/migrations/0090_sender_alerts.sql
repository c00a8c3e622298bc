CREATE TABLE "sender_alerts" (
	"organization" text NOT NULL,
	"sender" text NOT NULL,
	"holder" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "sender_alerts_organization_sender_pk" PRIMARY KEY("organization","sender")
);
