CREATE TABLE "connection_month" (
	"connection_id" text NOT NULL,
	"month" text NOT NULL,
	"requests" bigint NOT NULL,
	CONSTRAINT "connection_month_connection_id_month_pk" PRIMARY KEY("connection_id","month")
);
--> statement-breakpoint
ALTER TABLE "connection" ADD COLUMN "quiet_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "connection_month" ADD CONSTRAINT "connection_month_connection_id_connection_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connection"("id") ON DELETE no action ON UPDATE no action;