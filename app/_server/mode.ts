export { isDevelopment } from '@/lib/config/mode';
