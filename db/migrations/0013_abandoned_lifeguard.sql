ALTER TABLE "plan_table" ADD COLUMN "mappings" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "plan_table" ADD COLUMN "mapping_candidates" jsonb;--> statement-breakpoint
ALTER TABLE "routing" ADD COLUMN "mappings" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "segment" ADD COLUMN "values_left" bigint DEFAULT 0 NOT NULL;