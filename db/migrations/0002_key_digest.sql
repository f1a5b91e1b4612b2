-- A text as the bytes of its UTF-8, by immutable functions alone: `convert_to` is only stable, so no column may be computed by it.
CREATE FUNCTION key_digest(key_id text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ select sha256(decode(replace(key_id, E'\\', E'\\\\'), 'escape')) $$;--> statement-breakpoint
DROP INDEX "mismatch_key";--> statement-breakpoint
DROP INDEX "set_aside_key";--> statement-breakpoint
ALTER TABLE "dirty_key" DROP CONSTRAINT "dirty_key_plan_table_id_key_id_pk";--> statement-breakpoint
ALTER TABLE "dirty_key" ADD COLUMN "key_digest" "bytea" GENERATED ALWAYS AS (key_digest(key_id)) STORED NOT NULL;--> statement-breakpoint
ALTER TABLE "dirty_key" ADD CONSTRAINT "dirty_key_plan_table_id_key_digest_pk" PRIMARY KEY("plan_table_id","key_digest");--> statement-breakpoint
ALTER TABLE "mismatch" ADD COLUMN "key_digest" "bytea" GENERATED ALWAYS AS (key_digest(key_id)) STORED NOT NULL;--> statement-breakpoint
ALTER TABLE "set_aside" ADD COLUMN "key_digest" "bytea" GENERATED ALWAYS AS (key_digest(key_id)) STORED NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "mismatch_key" ON "mismatch" USING btree ("run_id","key_digest");--> statement-breakpoint
CREATE UNIQUE INDEX "set_aside_key" ON "set_aside" USING btree ("run_id","key_digest");
