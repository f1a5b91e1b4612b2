CREATE TABLE "settle_count" (
	"plan_table_id" text PRIMARY KEY NOT NULL,
	"keys" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sql_read_back" (
	"id" text PRIMARY KEY NOT NULL,
	"plan_table_id" text NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"items_max" integer NOT NULL,
	"drawn" integer DEFAULT 0 NOT NULL,
	"equal" integer DEFAULT 0 NOT NULL,
	"moving" integer DEFAULT 0 NOT NULL,
	"expired" integer DEFAULT 0 NOT NULL,
	"unreadable" integer DEFAULT 0 NOT NULL,
	"differences" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"statements" integer DEFAULT 0 NOT NULL,
	"reason" text,
	"started_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "run" ADD COLUMN "keys_settled_before" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "settle_count" ADD CONSTRAINT "settle_count_plan_table_id_plan_table_id_fk" FOREIGN KEY ("plan_table_id") REFERENCES "public"."plan_table"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sql_read_back" ADD CONSTRAINT "sql_read_back_plan_table_id_plan_table_id_fk" FOREIGN KEY ("plan_table_id") REFERENCES "public"."plan_table"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "sql_read_back_table" ON "sql_read_back" USING btree ("plan_table_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "sql_read_back_open" ON "sql_read_back" USING btree ("plan_table_id") WHERE state in ('waiting', 'running');