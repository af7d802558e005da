// A director with three regions that nobody probes, and the command line of an operator before it.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { DirectorProcess } from './director-process.ts'
import { createSite, type Site } from './site.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')

export const REGIONS = {
  'us-east': { weight: 5, balancers: ['198.51.100.10'] },
  'eu-west': { weight: 3, balancers: ['198.51.100.20'] },
  'ap-south': { weight: 2, balancers: ['198.51.100.30'] },
}

export const CONFIG = {
  workers: 1,
  regions: REGIONS,
  services: {
    web: { regions: Object.keys(REGIONS), steer: ['weighted'], ttl: '2s', leastTtl: '1s' },
    canary: { regions: ['us-east', 'eu-west'], steer: [{ weighted: { 'us-east': 99, 'eu-west': 1 } }], ttl: '2s' },
  },
}

export interface Said {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export async function startOperated(config: object = {}): Promise<{ site: Site; director: DirectorProcess }> {
  const zone = 'www IN LB web\ncanary IN LB canary\n'
  const site = await createSite({ ...CONFIG, ...config }, { 'example.com': zone })
  const director = new DirectorProcess(site)
  await director.logged(/serving on/, 20_000)
  return { site, director }
}

/** Runs a command of the program as an operator does. */
export async function operate(
  site: Site,
  words: readonly string[],
  environment: Record<string, string> = {},
): Promise<Said> {
  const env = {
    ...process.env,
    NO_COLOR: '1',
    XDG_CONFIG_HOME: site.folder,
    MERIDIAN_SERVER: site.adminUrl,
    ...environment,
  }
  const child = spawn(process.execPath, [MAIN, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, ...said }
}
