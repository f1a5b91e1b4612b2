CREATE TABLE "flag_key" (
	"id" text PRIMARY KEY NOT NULL,
	"application" text NOT NULL,
	"key_hash" text NOT NULL,
	"hint" text NOT NULL,
	"plan_ids" jsonb,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "flag_key_key_hash_unique" UNIQUE("key_hash")
);
--> statement-breakpoint
CREATE UNIQUE INDEX "plan_table_alias" ON "plan_table" USING btree ("plan_id","alias");