// Unit and component tests in the browser that tools/browser.mjs finds: `npm test`; what follows goes to `ng test`.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';

import { findBrowser } from './browser.mjs';

const { executablePath, env = process.env } = await findBrowser();
// The package exports no path to its command, so that is found beside its package.json.
const cli = path.join(createRequire(import.meta.url).resolve('@angular/cli/package.json'), '../bin/ng.js');
const run = spawn(process.execPath, [cli, 'test', '--watch=false', ...process.argv.slice(2)], {
  cwd: path.join(import.meta.dirname, '..'),
  env: { ...env, CHROME_BIN: executablePath },
  stdio: 'inherit',
});
run.on('exit', (code) => process.exit(code ?? 1));
