/** Whether this is a development server; Next sets it, and a build replaces it by its value. */
export const isDevelopment = process.env.NODE_ENV === 'development';
