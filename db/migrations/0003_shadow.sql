CREATE TABLE "guard_state" (
	"plan_table_id" text NOT NULL,
	"rule" text NOT NULL,
	"action" text NOT NULL,
	"sentence" text NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "guard_state_plan_table_id_rule_pk" PRIMARY KEY("plan_table_id","rule")
);
--> statement-breakpoint
CREATE TABLE "shadow_sample" (
	"id" text PRIMARY KEY NOT NULL,
	"plan_table_id" text NOT NULL,
	"gateway_id" text NOT NULL,
	"key_id" text NOT NULL,
	"key_digest" "bytea" GENERATED ALWAYS AS (key_digest(key_id)) STORED NOT NULL,
	"class" text NOT NULL,
	"attributes" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"source_sealed" text,
	"target_sealed" text,
	"answered_by" text NOT NULL,
	"operation" text NOT NULL,
	"epoch" bigint NOT NULL,
	"marked" boolean DEFAULT false NOT NULL,
	"seen" integer DEFAULT 1 NOT NULL,
	"repaired_by" text,
	"repaired_at" timestamp with time zone,
	"first_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "traffic_sample" ADD COLUMN "shadow_reads" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "traffic_sample" ADD COLUMN "shadow_dropped" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "traffic_sample" ADD COLUMN "shadow_skipped" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "traffic_sample" ADD COLUMN "shadow_expired" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "traffic_sample" ADD COLUMN "shadow_errors" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "traffic_sample" ADD COLUMN "shadow_compared" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "traffic_sample" ADD COLUMN "shadow_settled" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "traffic_sample" ADD COLUMN "shadow_missing" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "traffic_sample" ADD COLUMN "shadow_extra" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "traffic_sample" ADD COLUMN "shadow_different" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "traffic_sample" ADD COLUMN "shadow_type" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "traffic_sample" ADD COLUMN "shadow_source_p50_us" integer;--> statement-breakpoint
ALTER TABLE "traffic_sample" ADD COLUMN "shadow_source_p95_us" integer;--> statement-breakpoint
ALTER TABLE "traffic_sample" ADD COLUMN "shadow_source_p99_us" integer;--> statement-breakpoint
ALTER TABLE "traffic_sample" ADD COLUMN "shadow_target_p50_us" integer;--> statement-breakpoint
ALTER TABLE "traffic_sample" ADD COLUMN "shadow_target_p95_us" integer;--> statement-breakpoint
ALTER TABLE "traffic_sample" ADD COLUMN "shadow_target_p99_us" integer;--> statement-breakpoint
ALTER TABLE "plan_table" ADD COLUMN "guard_modes" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "guard_state" ADD CONSTRAINT "guard_state_plan_table_id_plan_table_id_fk" FOREIGN KEY ("plan_table_id") REFERENCES "public"."plan_table"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shadow_sample" ADD CONSTRAINT "shadow_sample_plan_table_id_plan_table_id_fk" FOREIGN KEY ("plan_table_id") REFERENCES "public"."plan_table"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "shadow_sample_key" ON "shadow_sample" USING btree ("plan_table_id","key_digest");--> statement-breakpoint
CREATE INDEX "shadow_sample_class" ON "shadow_sample" USING btree ("plan_table_id","class");