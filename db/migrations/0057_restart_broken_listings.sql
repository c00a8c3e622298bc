-- An earlier version kept the page of a listing of changes after its cursor had gone. Such a listing would continue once as one of
-- all events, from the middle. These calendars, and those whose first listing is under way, are listed from the beginning.
UPDATE "synced_calendars" SET "page" = NULL, "listed_since" = NULL WHERE "cursor" IS NULL AND "page" IS NOT NULL;
