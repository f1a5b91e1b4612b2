CREATE TABLE "gateway_tokens" (
	"gateway_id" text NOT NULL,
	"page" integer NOT NULL,
	"connection_id" text NOT NULL,
	"document_sealed" text NOT NULL,
	"tokens" integer NOT NULL,
	"written_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "gateway_tokens_gateway_id_page_pk" PRIMARY KEY("gateway_id","page")
);
--> statement-breakpoint
CREATE TABLE "process_credential" (
	"id" text PRIMARY KEY NOT NULL,
	"process_id" text NOT NULL,
	"connection_id" text NOT NULL,
	"credential_sealed" text NOT NULL,
	"sealed_for" text NOT NULL,
	"access_key_hint" text NOT NULL,
	"replaced_epoch" bigint,
	"revoked_at" timestamp with time zone,
	"refused_at" timestamp with time zone,
	"probed_at" timestamp with time zone,
	"probe" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "fence_driver" (
	"fence_id" text NOT NULL,
	"driver_id" text NOT NULL,
	"worker_id" text,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "fence_driver_fence_id_driver_id_pk" PRIMARY KEY("fence_id","driver_id")
);
--> statement-breakpoint
CREATE TABLE "postgres_identity" (
	"id" integer PRIMARY KEY NOT NULL,
	"system_identifier" text NOT NULL,
	"timeline" integer NOT NULL,
	"round" integer DEFAULT 0 NOT NULL,
	"opened_at" timestamp with time zone,
	"reason" text,
	"closed_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "gateway" ADD COLUMN "gone_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "gateway" ADD COLUMN "gone_by" text;--> statement-breakpoint
ALTER TABLE "gateway" ADD COLUMN "gone_reason" text;--> statement-breakpoint
ALTER TABLE "gateway" ADD COLUMN "dead_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "gateway" ADD COLUMN "dead_by" text;--> statement-breakpoint
ALTER TABLE "gateway" ADD COLUMN "dead_reason" text;--> statement-breakpoint
ALTER TABLE "gateway" ADD COLUMN "snapshot" jsonb;--> statement-breakpoint
ALTER TABLE "gateway" ADD COLUMN "snapshot_round" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "gateway" ADD COLUMN "snapshot_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "worker" ADD COLUMN "process_mark" text;--> statement-breakpoint
ALTER TABLE "fence" ADD COLUMN "canary_swept_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "gateway_tokens" ADD CONSTRAINT "gateway_tokens_gateway_id_gateway_id_fk" FOREIGN KEY ("gateway_id") REFERENCES "public"."gateway"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gateway_tokens" ADD CONSTRAINT "gateway_tokens_connection_id_connection_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connection"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "process_credential" ADD CONSTRAINT "process_credential_connection_id_connection_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connection"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "fence_driver" ADD CONSTRAINT "fence_driver_fence_id_fence_id_fk" FOREIGN KEY ("fence_id") REFERENCES "public"."fence"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "gateway_tokens_connection" ON "gateway_tokens" USING btree ("connection_id","written_at");--> statement-breakpoint
CREATE INDEX "process_credential_process" ON "process_credential" USING btree ("process_id");