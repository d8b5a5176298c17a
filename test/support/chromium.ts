import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { promisify } from 'node:util'
import { type Browser, chromium } from 'playwright-core'

const run = promisify(execFile)
const usual = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
/** What Chromium asks its makers for at every start is left out. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Finds the browser; on Debian as root installs it. @throws one clear sentence otherwise. */
export async function ensureChromium(): Promise<string> {
  const found = findChromium()
  if (found) return found
  if (userInfo().uid !== 0 || !existsSync('/usr/bin/apt-get'))
    throw new Error('The tests need Chromium: install your system’s chromium, or name one with CHROMIUM=/path/to/chromium')
  process.stdout.write('installing chromium …\n')
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, maxBuffer: 64 * 1024 * 1024 }
  await run('apt-get', ['update'], options)
  await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium', 'fonts-noto-cjk'], options)
  return findChromium() ?? '/usr/bin/chromium'
}

function findChromium(): string | undefined {
  return [process.env.CHROMIUM ?? '', ...usual].find((path) => path !== '' && existsSync(path))
}

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await ensureChromium(), args: quiet })
}
