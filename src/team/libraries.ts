// Packages that only a server for a team needs: a bundle of their own (`team.js` in a build), loaded when one starts.

export { createRemoteJWKSet, errors, jwtVerify } from 'jose';
export { Counter, Gauge, Histogram, Registry } from 'prom-client';
