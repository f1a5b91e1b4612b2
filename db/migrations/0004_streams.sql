CREATE TABLE "stream_shard" (
	"plan_table_id" text NOT NULL,
	"shard_id" text NOT NULL,
	"parent_id" text,
	"state" text DEFAULT 'waiting' NOT NULL,
	"checkpoint" text,
	"through_at" timestamp with time zone NOT NULL,
	"listings_without_parent" integer DEFAULT 0 NOT NULL,
	"lease_owner" text,
	"lease_token" bigint DEFAULT 0 NOT NULL,
	"lease_until" timestamp with time zone,
	"records" bigint DEFAULT 0 NOT NULL,
	"finished_at" timestamp with time zone,
	CONSTRAINT "stream_shard_plan_table_id_shard_id_pk" PRIMARY KEY("plan_table_id","shard_id")
);
--> statement-breakpoint
CREATE TABLE "table_stream" (
	"plan_table_id" text PRIMARY KEY NOT NULL,
	"arn" text,
	"view" text,
	"state" text DEFAULT 'opening' NOT NULL,
	"enabled_by_landfall" boolean DEFAULT false NOT NULL,
	"position_at" timestamp with time zone,
	"canary_seen_at" timestamp with time zone,
	"listed_at" timestamp with time zone,
	"fault" text,
	"lost_at" timestamp with time zone,
	"records" bigint DEFAULT 0 NOT NULL,
	"keys_marked" bigint DEFAULT 0 NOT NULL,
	"expiries" bigint DEFAULT 0 NOT NULL,
	"beside_gateway" bigint DEFAULT 0 NOT NULL,
	"beside_last_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "plan_table" ADD COLUMN "live_channel" text DEFAULT 'gateway' NOT NULL;--> statement-breakpoint
ALTER TABLE "stream_shard" ADD CONSTRAINT "stream_shard_plan_table_id_table_stream_plan_table_id_fk" FOREIGN KEY ("plan_table_id") REFERENCES "public"."table_stream"("plan_table_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "table_stream" ADD CONSTRAINT "table_stream_plan_table_id_plan_table_id_fk" FOREIGN KEY ("plan_table_id") REFERENCES "public"."plan_table"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "stream_shard_lease" ON "stream_shard" USING btree ("state","lease_until");--> statement-breakpoint
ALTER TABLE "plan_table" ADD CONSTRAINT "plan_table_live_channel" CHECK ("plan_table"."live_channel" in ('gateway', 'gateway_stream'));