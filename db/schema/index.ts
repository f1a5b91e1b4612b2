export * from './auth';
export * from './connection';
export * from './dirty';
export * from './evidence';
export * from './plan';
export * from './process';
export * from './routing';
export * from './run';
