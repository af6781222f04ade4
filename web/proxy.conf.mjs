/** `ng serve` hands the hub's paths on to a running worker: CAUSAL_ALPHA_HUB, http://127.0.0.1:8000 by default. */
const hub = process.env['CAUSAL_ALPHA_HUB'] ?? 'http://127.0.0.1:8000';

export default {
  '/api': { target: hub },
  '/ws': { target: hub.replace(/^http/, 'ws'), ws: true },
};
