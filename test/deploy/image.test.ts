// deploy/docker: the steps of the Dockerfile by hand, what ends up in the image, and that it serves as its user, on files that
// this user cannot write. Like the packed release it needs the npm registry, so it runs in CI (CI=true) and when asked for
// (RELEASE=1).
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askWith, isInstalled } from '../support/client-output.ts'
import { build, copyContext, copyImage, filesBelow, readDockerfile, wordsOf } from '../support/dockerfile.ts'
import { freePort } from '../support/free-port.ts'
import { userEnvironment } from '../support/readme-scene.ts'
import { untilServing } from '../support/until-serving.ts'

const wanted = process.env['CI'] === 'true' || process.env['RELEASE'] === '1'
if (!wanted) console.warn('the image is not tested: that needs CI=true or RELEASE=1')

const REPOSITORY = join(import.meta.dirname, '../..')
const DOCKER = join(REPOSITORY, 'deploy/docker')
const PACKAGES = join(REPOSITORY, 'node_modules')
const BUILD_LIMIT_MS = 240_000
/** Of nobody else on this machine. */
const USER = 65_532
const MEBIBYTE = 1024 * 1024

const stages = readDockerfile(join(DOCKER, 'Dockerfile'))

test('the image has a user, a check of its health, and the ports of the guide', () => {
  expect(stages.image.find(({ name }) => name === 'USER')?.words).toBe(`${USER}:${USER}`)
  expect(stages.image.find(({ name }) => name === 'HEALTHCHECK')?.words).toContain('/readyz')
  expect(stages.image.find(({ name }) => name === 'EXPOSE')?.words).toBe('5300/udp 5300/tcp 8053/tcp')
})

describe.skipIf(!wanted)('the image', { timeout: 30_000 }, () => {
  let folder: string
  let root: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'meridian-image-'))
    chmodSync(folder, 0o755)
    const work = join(folder, 'build')
    root = join(folder, 'root')
    copyContext(REPOSITORY, join(DOCKER, 'Dockerfile.dockerignore'), work)
    const path = `${join(PACKAGES, '.bin')}${delimiter}${process.env['PATH'] ?? ''}`
    build(withPackages(work), work, userEnvironment(path))
    copyImage(stages.image, root, (from) =>
      from === '/usr/local/bin/node' ? realpathSync(process.execPath) : from.replace('/build', work),
    )
  }, BUILD_LIMIT_MS)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('holds the release, what it depends on, Node, and nothing else', () => {
    const files = filesBelow(root)
    const top = new Set(files.map((file) => file.split('/').slice(0, 2).join('/')))
    expect([...top].sort()).toEqual(
      ['LICENSE', 'README.md', 'deploy', 'dist', 'node_modules', 'package-lock.json', 'package.json', 'zones']
        .map((name) => `app/${name}`)
        .concat('usr/local'),
    )
    const own = files.filter((file) => file.startsWith('app/') && !file.startsWith('app/node_modules/'))
    expect(own).toContain('app/dist/main.js')
    // What runs in a pod beside the director comes by ConfigMap, as it is.
    const sources = own.filter((file) => file.endsWith('.ts') && !file.startsWith('app/deploy/kubernetes/'))
    expect(sources).toEqual([])
    const packages = new Set(files.map((file) => /^app\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]))
    for (const name of ['typescript', 'vitest', 'eslint', 'node']) expect(packages).not.toContain(name)
    for (const name of ['koffi', 'hono', 'geoip-lite']) expect(packages).toContain(name)
    const bytes = files.reduce((sum, file) => sum + statSync(join(root, file)).size, 0)
    console.log(`the image holds ${files.length} files, ${Math.round(bytes / MEBIBYTE)} MiB`)
    expect(bytes / MEBIBYTE).toBeLessThan(320)
  })

  test.skipIf(!isInstalled('dig') && process.env['CI'] !== 'true')(
    'serves as its user, and is found healthy',
    async () => {
      const site = await writeSite()
      const [node = '', ...words] = wordsOf(stages.image, 'ENTRYPOINT').map((word) => word.replace(/^\//, `${root}/`))
      const command = wordsOf(stages.image, 'CMD').map((word) => word.replace('/etc/meridian', site.folder))
      expect(health(site.admin)).toBe(1)
      const director = spawn(node, [...words, ...command], { ...unprivileged(), stdio: ['ignore', 'ignore', 'pipe'] })
      const ended = once(director, 'exit')
      try {
        await untilServing(director)
        for (const transport of ['+notcp', '+tcp']) {
          const answer = await askWith('dig', site.dns, ['www.image.test', 'A', transport])
          expect(answer).toMatchObject({ answer: ['www.image.test. 30 A 192.0.2.1'], complaints: [] })
        }
        expect(health(site.admin)).toBe(0)
        const metrics = await (await fetch(`http://127.0.0.1:${site.admin}/metrics`)).text()
        expect(metrics).toMatch(/^meridian_build_info\{/m)
      } finally {
        director.kill('SIGTERM')
      }
      expect(await ended).toEqual([0, null])
    },
  )

  /** The lines of the first stage; its packages are those of the repository under test. README_FULL=1: the real thing. */
  function withPackages(work: string): typeof stages.build {
    if (process.env['README_FULL'] === '1') return stages.build
    symlinkSync(PACKAGES, join(work, 'node_modules'))
    return stages.build.filter(({ words }) => words !== 'npm ci')
  }

  /** The exit code of the image's own check. */
  function health(port: number): number | null {
    const [node = '', ...words] = wordsOf(stages.image, 'HEALTHCHECK').map((word) => word.replace('8053', String(port)))
    return spawnSync(join(root, node), words, unprivileged()).status
  }

  /** As the user of the image, to whom all of it but the state is read-only; where this is not root, as whoever it is. */
  function unprivileged() {
    const isRoot = process.getuid?.() === 0
    return { env: userEnvironment('/usr/bin:/bin'), cwd: '/', ...(isRoot && { uid: USER, gid: USER }) }
  }

  async function writeSite(): Promise<{ folder: string; dns: number; admin: number }> {
    const [dns, admin] = [await freePort(), await freePort()]
    const site = join(folder, 'etc')
    const state = join(root, 'var/lib/meridian')
    mkdirSync(join(site, 'zones'), { recursive: true })
    if (process.getuid?.() === 0) chownSync(state, USER, USER)
    const config = `listen: ['127.0.0.1:${dns}']
zones: zones
state: ${state}
workers: 1
geo: { source: geoip-lite }
admin: { listen: '127.0.0.1:${admin}' }
regions: { one: { balancers: [192.0.2.1] } }
services: { web: { regions: [one], steer: [round-robin] } }
`
    writeFileSync(join(site, 'meridian.yaml'), config)
    const zone = ['$TTL 60', '@ SOA ns1 h 1 7200 1800 1209600 60', '@ NS ns1', 'ns1 A 127.0.0.1', 'www LB web', '']
    writeFileSync(join(site, 'zones/image.test.zone'), zone.join('\n'))
    return { folder: site, dns, admin }
  }
})
