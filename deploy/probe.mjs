// Asks the server of this container whether it is alive; the exit code is the answer.

import http from 'node:http';
import https from 'node:https';

const { MCP_PORT = '8080', RLM_TLS_CERT } = process.env;
const options = { host: '127.0.0.1', port: MCP_PORT, path: '/healthz', timeout: 4_000 };
// The certificate is for the name that clients call, not for this address; nothing secret is sent.
const request = RLM_TLS_CERT
  ? https.get({ ...options, rejectUnauthorized: false })
  : http.get(options);
request.on('response', ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1));
request.on('timeout', () => process.exit(1));
request.on('error', () => process.exit(1));
