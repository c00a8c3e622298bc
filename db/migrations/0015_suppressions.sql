CREATE TABLE "suppressions" (
	"organization" text NOT NULL,
	"address" text NOT NULL,
	"reason" text NOT NULL,
	"delivery_id" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "suppressions_organization_address_pk" PRIMARY KEY("organization","address")
);
--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "address" text;