-- A room can be the home of a person. The holds contain hashes of rooms from now on, as of calendars.
UPDATE "slot_holds" SET "resource" = 'room:' || encode(sha256(convert_to(substr("resource", 6), 'UTF8')), 'hex')
WHERE starts_with("resource", 'room:') AND "resource" !~ '^room:[0-9a-f]{64}$';--> statement-breakpoint
UPDATE "slot_holds" SET "place" = encode(sha256(convert_to("place", 'UTF8')), 'hex') WHERE "place" IS NOT NULL;
