// The release as its user has it: packed, installed in an empty folder, run. It needs the npm registry and some time, so
// it runs in CI (CI=true) and when asked for (RELEASE=1).
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askWith, isInstalled } from '../support/client-output.ts'
import { freePort } from '../support/free-port.ts'
import { copyRepository, userEnvironment } from '../support/readme-scene.ts'
import { untilServing } from '../support/until-serving.ts'

const wanted = process.env['CI'] === 'true' || process.env['RELEASE'] === '1'
if (!wanted) console.warn('the release is not tested: that needs CI=true or RELEASE=1')

const PACKAGES = join(import.meta.dirname, '../../node_modules')
const PACK_LIMIT_MS = 60_000
const INSTALL_LIMIT_MS = 180_000

const run = promisify(execFile)

describe.skipIf(!wanted)('the packed release', { timeout: 30_000 }, () => {
  let folder: string
  let meridian: string
  const port = { dns: 0, admin: 0, health: 0 }
  const region = createServer((_, response) => response.end('well\n'))

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'meridian-release-'))
    await install(await pack(folder), folder)
    meridian = join(folder, 'node_modules/.bin/meridian')
    region.listen(0, '127.0.0.1')
    await once(region, 'listening')
    Object.assign(port, {
      dns: await freePort(),
      admin: await freePort(),
      health: (region.address() as AddressInfo).port,
    })
    await writeSite(folder, port)
  }, PACK_LIMIT_MS + INSTALL_LIMIT_MS)

  afterAll(async () => {
    region.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('holds no sources and no tests', async () => {
    const files = await readdir(join(folder, 'node_modules/meridian'), { recursive: true })
    expect(files).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'dist/main.js', 'deploy/meridian.yaml']))
    // What runs in a pod beside the director comes by ConfigMap, as it is.
    const own = files.filter((file) => !file.startsWith('deploy/kubernetes/'))
    expect(own.filter((file) => file.endsWith('.ts') || file.startsWith('test'))).toEqual([])
  })

  test('says its version', async () => {
    const { stdout } = await run(meridian, ['--version'], { env: environment() })
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  test.each(['meridian.yaml', 'node_modules/meridian/deploy/demo/meridian.yaml'])('checks %s', async (config) => {
    const { stdout } = await run(meridian, ['check', '--config', config], { cwd: folder, env: environment() })
    expect(stdout).toContain(`sound: ${config}: 1 zone,`)
  })

  test.skipIf(!isInstalled('dig') && process.env['CI'] !== 'true')('answers, explains, and ends well', async () => {
    const words = ['serve', '--config', join(folder, 'meridian.yaml')]
    const director = spawn(meridian, words, { env: environment(), stdio: ['ignore', 'ignore', 'pipe'] })
    const ended = once(director, 'exit')
    try {
      await untilServing(director)
      const asked = ['www.release.test', 'A', '+subnet=3.120.0.0/24']
      for (const transport of ['+notcp', '+tcp']) {
        const answer = await askWith('dig', port.dns, [...asked, transport])
        expect(answer).toMatchObject({ answer: ['www.release.test. 30 A 127.0.0.1'], complaints: [] })
      }
      const server = `127.0.0.1:${port.admin}`
      const explain = ['explain', 'www.release.test', '--client', '3.120.0.1', '--server', server]
      const { stdout } = await run(meridian, explain, { env: environment() })
      expect(stdout).toContain('127.0.0.1  100 % wanted  100 % by slots  up: 200 in')
    } finally {
      director.kill('SIGTERM')
    }
    expect(await ended).toEqual([0, null])
  })
})

/** Builds and packs a copy, so that the repository stays as it is; gives the tarball. */
async function pack(folder: string): Promise<string> {
  const copy = await copyRepository()
  try {
    await symlink(PACKAGES, join(copy, 'node_modules'))
    await run('npm', ['pack', '--pack-destination', folder], { cwd: copy, env: environment(), timeout: PACK_LIMIT_MS })
  } finally {
    await rm(copy, { recursive: true })
  }
  const [tarball] = (await readdir(folder)).filter((file) => file.endsWith('.tgz'))
  return join(folder, tarball ?? 'no tarball')
}

async function install(tarball: string, folder: string): Promise<void> {
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n')
  const words = ['install', tarball, '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund']
  await run('npm', words, { cwd: folder, env: environment(), timeout: INSTALL_LIMIT_MS })
}

/** The Node of the repository first: the machine's own may be too old for the release. */
function environment(): NodeJS.ProcessEnv {
  return userEnvironment(`${join(PACKAGES, '.bin')}${delimiter}${process.env['PATH'] ?? ''}`)
}

async function writeSite(folder: string, port: { dns: number; admin: number; health: number }): Promise<void> {
  const config = `listen: ['127.0.0.1:${port.dns}']
zones: zones
workers: 1
geo: { source: geoip-lite }
admin: { listen: '127.0.0.1:${port.admin}' }
monitors: { l7: { type: http, port: ${port.health} } }
regions:
  east: { location: { latitude: 38.9, longitude: -77.4 }, balancers: [192.0.2.1] }
  west: { location: { latitude: 53.3, longitude: -6.3 }, monitor: l7, balancers: [127.0.0.1] }
services:
  web: { regions: [east, west], steer: [nearest] }
`
  await writeFile(join(folder, 'meridian.yaml'), config)
  await mkdir(join(folder, 'zones'))
  const zone = [
    '$TTL 60',
    '@ SOA ns1 hostmaster 1 7200 1800 1209600 60',
    '@ NS ns1',
    'ns1 A 127.0.0.1',
    'www LB web',
    '',
  ]
  await writeFile(join(folder, 'zones/release.test.zone'), zone.join('\n'))
}
