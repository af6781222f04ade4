// Finds a Chromium by itself: CHROMIUM_PATH, `chromium` on the PATH, the npm package @sparticuz/chromium, Playwright's own.
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const HELP = `expected a browser, was none. One of these helps:
  CHROMIUM_PATH=/path/to/chromium
  a package of your system named chromium on the PATH
  npm ci in web/, which brings @sparticuz/chromium (x64 Linux)
  npx playwright install chromium`;

/** Launch options for Playwright: `executablePath`, `args`, `env`. Throws with what to install if there is no browser. */
export async function findBrowser(env = process.env) {
  const args = ['--no-sandbox'];
  if (env.CHROMIUM_PATH) {
    if (!existsSync(env.CHROMIUM_PATH)) throw new Error(`CHROMIUM_PATH: expected a file, was ${env.CHROMIUM_PATH}`);
    return { executablePath: env.CHROMIUM_PATH, args };
  }
  const onPath = NAMES.map((name) => lookUp(name, env.PATH ?? '')).find(Boolean);
  if (onPath) return { executablePath: onPath, args };
  const packed = await unpackPackage(env);
  if (packed) return { ...packed, args };
  const own = playwrightsOwn();
  if (own) return { executablePath: own, args };
  throw new Error(HELP);
}

function lookUp(name, folders) {
  for (const folder of folders.split(path.delimiter).filter(Boolean)) {
    const file = path.join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not here; the next folder may have it.
    }
  }
  return undefined;
}

function playwrightsOwn() {
  try {
    const { chromium } = createRequire(import.meta.url)('playwright-core');
    return existsSync(chromium.executablePath()) ? chromium.executablePath() : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @sparticuz/chromium carries a compressed browser with the system libraries it needs. It unpacks into the temporary
 * folder, under fixed names; here it gets a folder of its own in the user's cache, filled once and by one process.
 */
async function unpackPackage(env) {
  let version;
  try {
    const require = createRequire(import.meta.url);
    // The package exports no package.json, so the version is read beside its entry file.
    version = require(path.join(require.resolve('@sparticuz/chromium'), '../../../package.json')).version;
  } catch {
    return undefined;
  }
  const cache = env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  const folder = path.join(cache, 'causal-alpha', `chromium-${version}`);
  const executablePath = path.join(folder, 'chromium');
  if (!existsSync(path.join(folder, 'complete'))) await unpack(folder);
  const extra = existsSync('/etc/fonts/fonts.conf') ? {} : { FONTCONFIG_PATH: path.join(folder, 'fonts') };
  const libraries = path.join(folder, 'al2023', 'lib');
  const carried = { LD_LIBRARY_PATH: [libraries, env.LD_LIBRARY_PATH].filter(Boolean).join(':') };
  for (const more of [extra, { ...extra, ...carried }]) {
    const launch = { ...env, ...more };
    if (await runs(executablePath, launch)) return { executablePath, env: launch };
  }
  return undefined;
}

async function unpack(folder) {
  const staging = `${folder}.${process.pid}`;
  await mkdir(staging, { recursive: true });
  const code = "import('@sparticuz/chromium').then((m) => m.default.executablePath())";
  try {
    // The second variable makes the package unpack its system libraries too.
    const env = { ...process.env, TMPDIR: staging, AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x' };
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
      cwd: import.meta.dirname,
      env,
    });
    await writeFile(path.join(staging, 'complete'), '');
    await rename(staging, folder).catch((error) => {
      // Another process was quicker, and its folder is as good.
      if (!existsSync(path.join(folder, 'complete'))) throw error;
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function runs(file, env) {
  try {
    await promisify(execFile)(file, ['--version', '--no-sandbox'], { env, timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}
