CREATE TABLE "connection_day" (
	"connection_id" text NOT NULL,
	"day" text NOT NULL,
	"requests" bigint NOT NULL,
	CONSTRAINT "connection_day_connection_id_day_pk" PRIMARY KEY("connection_id","day")
);
--> statement-breakpoint
CREATE TABLE "beside_write" (
	"plan_table_id" text NOT NULL,
	"key_id" text NOT NULL,
	"key_digest" "bytea" GENERATED ALWAYS AS (key_digest(key_id)) STORED NOT NULL,
	"times" integer DEFAULT 1 NOT NULL,
	"first_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "beside_write_plan_table_id_key_digest_pk" PRIMARY KEY("plan_table_id","key_digest")
);
--> statement-breakpoint
ALTER TABLE "dirty_key" ADD COLUMN "dead_generation" bigint;--> statement-breakpoint
ALTER TABLE "dirty_key" ADD COLUMN "dead_type" text;--> statement-breakpoint
ALTER TABLE "dirty_key" ADD COLUMN "dead_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "dirty_key" ADD COLUMN "parked_by" text;--> statement-breakpoint
ALTER TABLE "dirty_key" ADD COLUMN "parked_reason" text;--> statement-breakpoint
ALTER TABLE "dirty_key" ADD COLUMN "parked_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "run" ADD COLUMN "sample_ppm" integer;--> statement-breakpoint
ALTER TABLE "run" ADD COLUMN "sample_salt" text;--> statement-breakpoint
ALTER TABLE "connection_day" ADD CONSTRAINT "connection_day_connection_id_connection_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connection"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "beside_write" ADD CONSTRAINT "beside_write_plan_table_id_table_stream_plan_table_id_fk" FOREIGN KEY ("plan_table_id") REFERENCES "public"."table_stream"("plan_table_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "beside_write_seen" ON "beside_write" USING btree ("plan_table_id","last_seen_at");