CREATE TABLE "export_source" (
	"plan_table_id" text PRIMARY KEY NOT NULL,
	"location" jsonb NOT NULL,
	"state" text NOT NULL,
	"manifests" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"shown_until_at" timestamp with time zone,
	"item_count" bigint DEFAULT 0 NOT NULL,
	"files_total" integer DEFAULT 0 NOT NULL,
	"export_arn" text,
	"failure" text,
	"chosen_by" text NOT NULL,
	"chosen_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "run" ADD COLUMN "source" text DEFAULT 'scan' NOT NULL;--> statement-breakpoint
ALTER TABLE "segment" ADD COLUMN "file" jsonb;--> statement-breakpoint
ALTER TABLE "export_source" ADD CONSTRAINT "export_source_plan_table_id_plan_table_id_fk" FOREIGN KEY ("plan_table_id") REFERENCES "public"."plan_table"("id") ON DELETE no action ON UPDATE no action;