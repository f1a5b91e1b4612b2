/** Publishing is for services alone; gateways read what stands here through `db/queries/gateway`. */
export {
  type Published,
  publishPassThrough,
  publishRouting as publish,
  republishRouting as republish,
} from '@/db/queries/routing/publish';
