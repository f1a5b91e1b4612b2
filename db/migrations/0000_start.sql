CREATE SEQUENCE "public"."dirty_generation" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "account" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"account_id" text NOT NULL,
	"provider_id" text NOT NULL,
	"access_token" text,
	"refresh_token" text,
	"access_token_expires_at" timestamp with time zone,
	"refresh_token_expires_at" timestamp with time zone,
	"scope" text,
	"id_token" text,
	"password" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "session" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"token" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"ip_address" text,
	"user_agent" text,
	"impersonated_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "session_token_unique" UNIQUE("token")
);
--> statement-breakpoint
CREATE TABLE "setup_token" (
	"id" text PRIMARY KEY DEFAULT 'first_run' NOT NULL,
	"token_hash" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"used_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "user" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"email" text NOT NULL,
	"email_verified" boolean DEFAULT false NOT NULL,
	"image" text,
	"role" text DEFAULT 'viewer' NOT NULL,
	"banned" boolean DEFAULT false NOT NULL,
	"ban_reason" text,
	"ban_expires" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "user_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "verification" (
	"id" text PRIMARY KEY NOT NULL,
	"identifier" text NOT NULL,
	"value" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "connection" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"endpoint" text NOT NULL,
	"region" text NOT NULL,
	"credential_sealed" text NOT NULL,
	"credential_hint" text NOT NULL,
	"issuer_sealed" text,
	"may_create_tables" boolean DEFAULT false NOT NULL,
	"limits" jsonb NOT NULL,
	"probe" jsonb,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "connection_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "gateway_key" (
	"id" text PRIMARY KEY NOT NULL,
	"application" text NOT NULL,
	"access_key_id" text NOT NULL,
	"secret_sealed" text NOT NULL,
	"tables" jsonb,
	"operations" jsonb,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "gateway_key_access_key_id_unique" UNIQUE("access_key_id")
);
--> statement-breakpoint
CREATE TABLE "routing_head" (
	"connection_id" text PRIMARY KEY NOT NULL,
	"incarnation" integer DEFAULT 1 NOT NULL,
	"epoch" bigint DEFAULT 1 NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "store_credential" (
	"id" text PRIMARY KEY NOT NULL,
	"connection_id" text NOT NULL,
	"purpose" text NOT NULL,
	"credential_sealed" text NOT NULL,
	"access_key_hint" text NOT NULL,
	"state" text DEFAULT 'active' NOT NULL,
	"probed_refused_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"retired_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "dirty_key" (
	"plan_table_id" text NOT NULL,
	"key_id" text NOT NULL,
	"key" jsonb NOT NULL,
	"cause" text NOT NULL,
	"first_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"generation" bigint NOT NULL,
	"hold_until" timestamp with time zone,
	"hold_open_for" text,
	"claim_token" bigint,
	"claim_until" timestamp with time zone,
	"claim_owner" text,
	"hot" boolean DEFAULT false NOT NULL,
	"last_error" text,
	CONSTRAINT "dirty_key_plan_table_id_key_id_pk" PRIMARY KEY("plan_table_id","key_id")
);
--> statement-breakpoint
CREATE TABLE "alert" (
	"id" text PRIMARY KEY NOT NULL,
	"destination_id" text NOT NULL,
	"kind" text NOT NULL,
	"plan_table_id" text,
	"sentence" text NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"delivered_at" timestamp with time zone,
	"last_error" text,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "alert_destination" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"kind" text DEFAULT 'webhook' NOT NULL,
	"url" text NOT NULL,
	"secret_sealed" text NOT NULL,
	"last_test_at" timestamp with time zone,
	"last_test_ok" text,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"removed_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "approval" (
	"id" text PRIMARY KEY NOT NULL,
	"plan_table_id" text NOT NULL,
	"verb" text NOT NULL,
	"plan_hash" text NOT NULL,
	"approved_by" text NOT NULL,
	"approved_by_name" text NOT NULL,
	"note" text,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"used_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "audit" (
	"sequence" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "audit_sequence_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"id" text NOT NULL,
	"action" text NOT NULL,
	"actor_id" text NOT NULL,
	"actor_name" text NOT NULL,
	"subject" text NOT NULL,
	"detail" jsonb NOT NULL,
	"reason" text,
	"idempotency_key" text,
	"at" timestamp with time zone NOT NULL,
	"previous_hash" text NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "event" (
	"id" text PRIMARY KEY NOT NULL,
	"plan_id" text,
	"plan_table_id" text,
	"kind" text NOT NULL,
	"sentence" text NOT NULL,
	"actor_kind" text NOT NULL,
	"actor" text NOT NULL,
	"before" jsonb,
	"after" jsonb,
	"reason" text,
	"epoch" bigint,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "idempotency" (
	"key" text PRIMARY KEY NOT NULL,
	"action" text NOT NULL,
	"actor_id" text NOT NULL,
	"result" jsonb,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sign_off" (
	"id" text PRIMARY KEY NOT NULL,
	"plan_id" text NOT NULL,
	"item" text NOT NULL,
	"evidence_hash" text NOT NULL,
	"evidence" jsonb NOT NULL,
	"note" text,
	"signed_by" text NOT NULL,
	"signed_by_name" text NOT NULL,
	"signed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"lapsed_at" timestamp with time zone,
	"lapsed_reason" text
);
--> statement-breakpoint
CREATE TABLE "table_sample" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "table_sample_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"plan_table_id" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"dirty_count" integer NOT NULL,
	"dirty_oldest_ms" integer,
	"items_done" bigint,
	"items_per_second" integer
);
--> statement-breakpoint
CREATE TABLE "traffic_sample" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "traffic_sample_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"plan_table_id" text NOT NULL,
	"gateway_id" text NOT NULL,
	"epoch" bigint NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"span_ms" integer NOT NULL,
	"reads_source" integer DEFAULT 0 NOT NULL,
	"reads_target" integer DEFAULT 0 NOT NULL,
	"reads_fallback_error" integer DEFAULT 0 NOT NULL,
	"reads_fallback_missing" integer DEFAULT 0 NOT NULL,
	"reads_dirty" integer DEFAULT 0 NOT NULL,
	"reads_strong" integer DEFAULT 0 NOT NULL,
	"reads_unroutable" integer DEFAULT 0 NOT NULL,
	"writes" integer DEFAULT 0 NOT NULL,
	"writes_refused" integer DEFAULT 0 NOT NULL,
	"mirrored" integer DEFAULT 0 NOT NULL,
	"mirror_failed" integer DEFAULT 0 NOT NULL,
	"mirror_late" integer DEFAULT 0 NOT NULL,
	"source_errors" integer DEFAULT 0 NOT NULL,
	"target_errors" integer DEFAULT 0 NOT NULL,
	"user_errors" integer DEFAULT 0 NOT NULL,
	"held_ms" integer DEFAULT 0 NOT NULL,
	"source_p50_us" integer,
	"source_p95_us" integer,
	"source_p99_us" integer,
	"target_p50_us" integer,
	"target_p95_us" integer,
	"target_p99_us" integer
);
--> statement-breakpoint
CREATE TABLE "plan" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"alias" text NOT NULL,
	"strategy" text NOT NULL,
	"source_connection_id" text NOT NULL,
	"target_connection_id" text NOT NULL,
	"settings" jsonb NOT NULL,
	"rollback_document" text,
	"trained_people" text,
	"downtime_acknowledged_by" text,
	"version" integer DEFAULT 1 NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "plan_name_unique" UNIQUE("name"),
	CONSTRAINT "plan_alias_unique" UNIQUE("alias"),
	CONSTRAINT "plan_strategy" CHECK ("plan"."strategy" in ('big_bang', 'dual_write', 'incremental'))
);
--> statement-breakpoint
CREATE TABLE "plan_draft" (
	"user_id" text PRIMARY KEY NOT NULL,
	"draft" jsonb NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "plan_table" (
	"id" text PRIMARY KEY NOT NULL,
	"plan_id" text NOT NULL,
	"name" text NOT NULL,
	"alias" text NOT NULL,
	"target_name" text NOT NULL,
	"wave" integer DEFAULT 1 NOT NULL,
	"position" integer DEFAULT 1 NOT NULL,
	"stage" text DEFAULT 'planned' NOT NULL,
	"stage_since" timestamp with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"hold_kind" text,
	"hold_reason" text,
	"hold_by" text,
	"hold_since" timestamp with time zone,
	"key_schema" jsonb NOT NULL,
	"ttl_attribute" text,
	"shape" jsonb NOT NULL,
	"assessment" jsonb,
	"assessed_at" timestamp with time zone,
	"waivers" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"forecast" jsonb,
	"target_proven_at" timestamp with time zone,
	"target_proof" text,
	"target_probes" jsonb,
	"salt" text NOT NULL,
	"read_share_milli" integer DEFAULT 0 NOT NULL,
	"share_since" timestamp with time zone,
	"approved_share_milli" integer DEFAULT 100000 NOT NULL,
	"shadow_milli" integer DEFAULT 0 NOT NULL,
	"barrier_verb" text,
	"barrier_epoch" bigint,
	"barrier_half" integer,
	"barrier_opened_at" timestamp with time zone,
	"barrier_passed_at" timestamp with time zone,
	"canary_nonce" text,
	"canary_arrived_at" timestamp with time zone,
	"items_per_second_max" integer,
	"verify_again_since" timestamp with time zone,
	"verify_again_reason" text,
	"backup_until" timestamp with time zone,
	"backup_since" timestamp with time zone,
	"source_refusal_proven_at" timestamp with time zone,
	"last_change_by" text,
	"last_change_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "plan_table_stage" CHECK ("plan_table"."stage" in ('planned', 'frozen', 'dual_write', 'backfill', 'verify', 'shift', 'target_first', 'backup', 'retired')),
	CONSTRAINT "plan_table_hold" CHECK ("plan_table"."hold_kind" is null or "plan_table"."hold_kind" in ('operator', 'throttle', 'gate', 'fault')),
	CONSTRAINT "plan_table_share" CHECK ("plan_table"."read_share_milli" between 0 and 100000),
	CONSTRAINT "plan_table_share_stage" CHECK ("plan_table"."read_share_milli" = 0 or "plan_table"."stage" in ('shift','target_first','backup','retired'))
);
--> statement-breakpoint
CREATE TABLE "gateway" (
	"id" text PRIMARY KEY NOT NULL,
	"connection_id" text NOT NULL,
	"identity" text NOT NULL,
	"version" text NOT NULL,
	"host" text NOT NULL,
	"listen" text NOT NULL,
	"state" text DEFAULT 'registered' NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"goodbye_at" timestamp with time zone,
	"acknowledged_epoch" bigint DEFAULT 0 NOT NULL,
	"acknowledged_incarnation" integer DEFAULT 0 NOT NULL,
	"acknowledged_at" timestamp with time zone,
	"in_flight" integer DEFAULT 0 NOT NULL,
	"intents_open" integer DEFAULT 0 NOT NULL,
	"dirty_known" integer DEFAULT 0 NOT NULL,
	"feed_age_ms" integer,
	"unproven_since" timestamp with time zone,
	"start_count" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "gateway_table" (
	"gateway_id" text NOT NULL,
	"plan_table_id" text NOT NULL,
	"quiet_epoch" bigint DEFAULT 0 NOT NULL,
	"in_flight" integer DEFAULT 0 NOT NULL,
	"intents_open" integer DEFAULT 0 NOT NULL,
	"canary_nonce" text,
	"canary_key" jsonb,
	"reported_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "gateway_table_gateway_id_plan_table_id_pk" PRIMARY KEY("gateway_id","plan_table_id")
);
--> statement-breakpoint
CREATE TABLE "worker" (
	"id" text PRIMARY KEY NOT NULL,
	"pool_id" text,
	"host" text NOT NULL,
	"pid" integer NOT NULL,
	"version" text NOT NULL,
	"state" text DEFAULT 'registered' NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	"activity" jsonb DEFAULT '[]'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "fence" (
	"id" text PRIMARY KEY NOT NULL,
	"plan_table_id" text NOT NULL,
	"plan_id" text NOT NULL,
	"verb" text NOT NULL,
	"step" text NOT NULL,
	"long" boolean DEFAULT false NOT NULL,
	"plan_hash" text NOT NULL,
	"hold_epoch" bigint NOT NULL,
	"flip_epoch" bigint,
	"release_epoch" bigint,
	"opened_by" text NOT NULL,
	"reason" text NOT NULL,
	"opened_at" timestamp with time zone DEFAULT now() NOT NULL,
	"bound_at" timestamp with time zone NOT NULL,
	"released_at" timestamp with time zone,
	"aborted_reason" text,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "fence_worker" (
	"fence_id" text NOT NULL,
	"worker_id" text NOT NULL,
	"stopped_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "fence_worker_fence_id_worker_id_pk" PRIMARY KEY("fence_id","worker_id")
);
--> statement-breakpoint
CREATE TABLE "routing" (
	"plan_table_id" text PRIMARY KEY NOT NULL,
	"connection_id" text NOT NULL,
	"table_name" text NOT NULL,
	"target_connection_id" text NOT NULL,
	"target_table_name" text NOT NULL,
	"incarnation" integer NOT NULL,
	"epoch" bigint NOT NULL,
	"stage" text NOT NULL,
	"writes" text NOT NULL,
	"authority" text NOT NULL,
	"reads" text NOT NULL,
	"read_share_milli" integer NOT NULL,
	"shadow_milli" integer NOT NULL,
	"salt" text NOT NULL,
	"fallback" boolean NOT NULL,
	"key_schema" jsonb NOT NULL,
	"ttl_attribute" text,
	"sort_order_proven" boolean DEFAULT false NOT NULL,
	"mirror_wait_ms_max" integer NOT NULL,
	"hold_ms_max" integer NOT NULL,
	"delta_ms" integer NOT NULL,
	"store_timeout_ms" integer NOT NULL,
	"feed_age_ms_max" integer NOT NULL,
	"plan_name" text NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "mismatch" (
	"id" text PRIMARY KEY NOT NULL,
	"run_id" text NOT NULL,
	"plan_table_id" text NOT NULL,
	"key_id" text NOT NULL,
	"key" jsonb NOT NULL,
	"class" text NOT NULL,
	"attributes" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"source_sealed" text,
	"target_sealed" text,
	"state" text DEFAULT 'open' NOT NULL,
	"deletes_on_target" boolean DEFAULT false NOT NULL,
	"first_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"gone_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "run" (
	"id" text PRIMARY KEY NOT NULL,
	"plan_table_id" text NOT NULL,
	"kind" text NOT NULL,
	"generation" integer NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"segments_total" integer NOT NULL,
	"items_estimate" bigint DEFAULT 0 NOT NULL,
	"items_per_second_max" integer,
	"mismatches_max" integer DEFAULT 1000 NOT NULL,
	"stop_reason" text,
	"throttle_reason" text,
	"paused_by" text,
	"started_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "segment" (
	"id" text PRIMARY KEY NOT NULL,
	"run_id" text NOT NULL,
	"number" integer NOT NULL,
	"side" text DEFAULT 'source' NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"cursor" jsonb,
	"page_keys" jsonb,
	"pages" integer DEFAULT 0 NOT NULL,
	"items_read" bigint DEFAULT 0 NOT NULL,
	"items_written" bigint DEFAULT 0 NOT NULL,
	"items_expired" bigint DEFAULT 0 NOT NULL,
	"items_set_aside" bigint DEFAULT 0 NOT NULL,
	"items_marked" bigint DEFAULT 0 NOT NULL,
	"bytes_read" bigint DEFAULT 0 NOT NULL,
	"compared" bigint DEFAULT 0 NOT NULL,
	"suspects" bigint DEFAULT 0 NOT NULL,
	"hot" bigint DEFAULT 0 NOT NULL,
	"in_flight" bigint DEFAULT 0 NOT NULL,
	"mismatches" bigint DEFAULT 0 NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"error" text,
	"lease_owner" text,
	"lease_token" bigint DEFAULT 0 NOT NULL,
	"lease_until" timestamp with time zone,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "set_aside" (
	"id" text PRIMARY KEY NOT NULL,
	"run_id" text NOT NULL,
	"plan_table_id" text NOT NULL,
	"key_id" text NOT NULL,
	"key" jsonb NOT NULL,
	"reason" text NOT NULL,
	"error_type" text NOT NULL,
	"accepted_by" text,
	"accepted_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "account" ADD CONSTRAINT "account_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "session" ADD CONSTRAINT "session_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "routing_head" ADD CONSTRAINT "routing_head_connection_id_connection_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connection"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "store_credential" ADD CONSTRAINT "store_credential_connection_id_connection_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connection"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "dirty_key" ADD CONSTRAINT "dirty_key_plan_table_id_plan_table_id_fk" FOREIGN KEY ("plan_table_id") REFERENCES "public"."plan_table"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alert" ADD CONSTRAINT "alert_destination_id_alert_destination_id_fk" FOREIGN KEY ("destination_id") REFERENCES "public"."alert_destination"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "approval" ADD CONSTRAINT "approval_plan_table_id_plan_table_id_fk" FOREIGN KEY ("plan_table_id") REFERENCES "public"."plan_table"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sign_off" ADD CONSTRAINT "sign_off_plan_id_plan_id_fk" FOREIGN KEY ("plan_id") REFERENCES "public"."plan"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plan" ADD CONSTRAINT "plan_source_connection_id_connection_id_fk" FOREIGN KEY ("source_connection_id") REFERENCES "public"."connection"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plan" ADD CONSTRAINT "plan_target_connection_id_connection_id_fk" FOREIGN KEY ("target_connection_id") REFERENCES "public"."connection"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plan_table" ADD CONSTRAINT "plan_table_plan_id_plan_id_fk" FOREIGN KEY ("plan_id") REFERENCES "public"."plan"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gateway" ADD CONSTRAINT "gateway_connection_id_connection_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connection"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gateway_table" ADD CONSTRAINT "gateway_table_gateway_id_gateway_id_fk" FOREIGN KEY ("gateway_id") REFERENCES "public"."gateway"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gateway_table" ADD CONSTRAINT "gateway_table_plan_table_id_plan_table_id_fk" FOREIGN KEY ("plan_table_id") REFERENCES "public"."plan_table"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "fence" ADD CONSTRAINT "fence_plan_table_id_plan_table_id_fk" FOREIGN KEY ("plan_table_id") REFERENCES "public"."plan_table"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "fence" ADD CONSTRAINT "fence_plan_id_plan_id_fk" FOREIGN KEY ("plan_id") REFERENCES "public"."plan"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "fence_worker" ADD CONSTRAINT "fence_worker_fence_id_fence_id_fk" FOREIGN KEY ("fence_id") REFERENCES "public"."fence"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "routing" ADD CONSTRAINT "routing_plan_table_id_plan_table_id_fk" FOREIGN KEY ("plan_table_id") REFERENCES "public"."plan_table"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "routing" ADD CONSTRAINT "routing_connection_id_connection_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connection"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "routing" ADD CONSTRAINT "routing_target_connection_id_connection_id_fk" FOREIGN KEY ("target_connection_id") REFERENCES "public"."connection"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "mismatch" ADD CONSTRAINT "mismatch_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."run"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run" ADD CONSTRAINT "run_plan_table_id_plan_table_id_fk" FOREIGN KEY ("plan_table_id") REFERENCES "public"."plan_table"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "segment" ADD CONSTRAINT "segment_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."run"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "set_aside" ADD CONSTRAINT "set_aside_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."run"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "account_user" ON "account" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "session_user" ON "session" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "dirty_key_seen" ON "dirty_key" USING btree ("plan_table_id","last_seen_at");--> statement-breakpoint
CREATE INDEX "dirty_key_holder" ON "dirty_key" USING btree ("hold_open_for");--> statement-breakpoint
CREATE INDEX "alert_at" ON "alert" USING btree ("at");--> statement-breakpoint
CREATE INDEX "approval_table" ON "approval" USING btree ("plan_table_id","verb");--> statement-breakpoint
CREATE UNIQUE INDEX "audit_id" ON "audit" USING btree ("id");--> statement-breakpoint
CREATE INDEX "event_at" ON "event" USING btree ("at");--> statement-breakpoint
CREATE INDEX "event_plan" ON "event" USING btree ("plan_id","at");--> statement-breakpoint
CREATE INDEX "event_table" ON "event" USING btree ("plan_table_id","at");--> statement-breakpoint
CREATE INDEX "sign_off_plan" ON "sign_off" USING btree ("plan_id","item");--> statement-breakpoint
CREATE INDEX "table_sample_table" ON "table_sample" USING btree ("plan_table_id","at");--> statement-breakpoint
CREATE INDEX "traffic_sample_table" ON "traffic_sample" USING btree ("plan_table_id","at");--> statement-breakpoint
CREATE UNIQUE INDEX "plan_table_name" ON "plan_table" USING btree ("plan_id","name");--> statement-breakpoint
CREATE INDEX "plan_table_plan" ON "plan_table" USING btree ("plan_id");--> statement-breakpoint
CREATE INDEX "gateway_connection" ON "gateway" USING btree ("connection_id");--> statement-breakpoint
CREATE INDEX "fence_table" ON "fence" USING btree ("plan_table_id");--> statement-breakpoint
CREATE UNIQUE INDEX "fence_open" ON "fence" USING btree ("plan_table_id") WHERE "fence"."step" not in ('released', 'aborted');--> statement-breakpoint
CREATE INDEX "routing_connection" ON "routing" USING btree ("connection_id","table_name");--> statement-breakpoint
CREATE UNIQUE INDEX "mismatch_key" ON "mismatch" USING btree ("run_id","key_id");--> statement-breakpoint
CREATE INDEX "mismatch_table" ON "mismatch" USING btree ("plan_table_id","state");--> statement-breakpoint
CREATE INDEX "run_table" ON "run" USING btree ("plan_table_id","kind");--> statement-breakpoint
CREATE UNIQUE INDEX "run_generation" ON "run" USING btree ("plan_table_id","kind","generation");--> statement-breakpoint
CREATE UNIQUE INDEX "segment_number" ON "segment" USING btree ("run_id","side","number");--> statement-breakpoint
CREATE INDEX "segment_lease" ON "segment" USING btree ("state","lease_until");--> statement-breakpoint
CREATE UNIQUE INDEX "set_aside_key" ON "set_aside" USING btree ("run_id","key_id");