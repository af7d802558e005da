// deploy/kubernetes: what the manifests say of ports, paths, flags and files is what the program and the image have, and
// sidecar.ts has changed ConfigMaps taken and shows metrics. There is no cluster here: whether one takes the manifests is not tested.
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import { readDockerfile, wordsOf } from '../support/dockerfile.ts'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/monotonic.ts'

const KUBERNETES = join(import.meta.dirname, '../../deploy/kubernetes')
const MAIN = join(KUBERNETES, '../../src/main.ts')
const image = readDockerfile(join(KUBERNETES, '../docker/Dockerfile')).image

interface Mount {
  readonly name: string
  readonly mountPath: string
}

interface Probe {
  readonly exec: { readonly command: readonly string[] }
}

interface Container {
  readonly name: string
  readonly args?: readonly string[]
  readonly command?: readonly string[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number; readonly protocol: string }[]
  readonly startupProbe?: Probe
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
  readonly securityContext: object
  readonly volumeMounts: readonly Mount[]
}

interface Volume {
  readonly name: string
  readonly configMap?: { readonly name: string }
}

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly replicas?: number
    readonly minAvailable?: number
    readonly ports?: readonly { readonly targetPort: string; readonly protocol: string; readonly port: number }[]
    readonly selector?: object
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[]
    readonly template?: {
      readonly metadata: { readonly labels: object }
      readonly spec: {
        readonly securityContext: object
        readonly containers: readonly Container[]
        readonly volumes: readonly Volume[]
      }
    }
  }
}

interface Kustomization {
  readonly resources: readonly string[]
  readonly configMapGenerator: readonly { readonly name: string; readonly files: readonly string[] }[]
}

const documents = parseAllDocuments(readFileSync(join(KUBERNETES, 'meridian.yaml'), 'utf8'))
const manifests = documents.map((document) => document.toJS() as Manifest)
const kustomization = parse(readFileSync(join(KUBERNETES, 'kustomization.yaml'), 'utf8')) as Kustomization
const workload = manifestOf('StatefulSet', 'meridian')
const pod = workload.spec.template!.spec
const [director, sidecar] = pod.containers as [Container, Container]

function manifestOf(kind: string, name: string): Manifest {
  return manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name)!
}

test('there are two directors, one of which stays', () => {
  expect(documents.flatMap(({ errors }) => errors)).toEqual([])
  expect(workload.spec.replicas).toBeGreaterThanOrEqual(2)
  expect(manifestOf('PodDisruptionBudget', 'meridian').spec.minAvailable).toBe(1)
})

test('services and the budget find the pods, by the ports that the image has', () => {
  const { labels } = workload.spec.template!.metadata
  expect(workload.spec.selector).toEqual({ matchLabels: labels })
  expect(manifestOf('PodDisruptionBudget', 'meridian').spec.selector).toEqual({ matchLabels: labels })
  const services = manifests.filter(({ kind }) => kind === 'Service')
  const named = new Map(pod.containers.flatMap(({ ports = [] }) => ports).map((port) => [port.name, port]))
  for (const { spec } of services) {
    expect(spec.selector).toEqual(labels)
    for (const { targetPort, protocol } of spec.ports!) expect(named.get(targetPort)?.protocol).toBe(protocol)
  }
  const exposed = image.find(({ name }) => name === 'EXPOSE')!.words.split(' ')
  const ours = director.ports!.map(({ containerPort, protocol }) => `${containerPort}/${protocol.toLowerCase()}`)
  expect(ours).toEqual(exposed)
})

test('the program gets the words, the probes and the user of the image', () => {
  expect(director.args).toEqual(wordsOf(image, 'CMD'))
  const ready = wordsOf(image, 'HEALTHCHECK')
  expect(director.readinessProbe?.exec.command).toEqual(ready)
  expect(director.startupProbe?.exec.command).toEqual(ready)
  expect(director.livenessProbe?.exec.command).toEqual(ready.map((word) => word.replace('/readyz', '/healthz')))
  expect(sidecar.command?.[0]).toBe(ready[0])
  const user = image
    .find(({ name }) => name === 'USER')!
    .words.split(':')
    .map(Number)
  expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: user[0], fsGroup: user[1] })
  for (const { securityContext } of pod.containers) {
    const confined = { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
    expect(securityContext).toEqual(confined)
  }
})

test('every mount has its volume, every ConfigMap its files', () => {
  const claimed = workload.spec.volumeClaimTemplates!.map(({ metadata }) => metadata.name)
  const volumes = [...claimed, ...pod.volumes.map(({ name }) => name)].sort()
  const mounts = pod.containers.flatMap(({ volumeMounts }) => volumeMounts)
  expect([...new Set(mounts.map(({ name }) => name))].sort()).toEqual(volumes)
  const maps = new Map(kustomization.configMapGenerator.map(({ name, files }) => [name, files]))
  expect(pod.volumes.flatMap(({ configMap }) => configMap?.name ?? [])).toEqual([...maps.keys()])
  expect(kustomization.resources).toEqual(['meridian.yaml'])
  const paths = new Map(mounts.map(({ name, mountPath }) => [name, mountPath]))
  expect(`${paths.get('config')}/meridian.yaml`).toBe(director.args?.at(-1))
  expect(sidecar.command?.at(-1)).toBe(`${paths.get('sidecar')}/${maps.get('meridian-sidecar')!.join()}`)
})

describe('in the folders that a kubelet makes', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'meridian-pod-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** Lays the files out as the volume of a ConfigMap: links through `..data`, which is moved at once. */
  function project(name: string, files: readonly string[], version: string): string {
    const volume = join(folder, name)
    mkdirSync(join(volume, `..${version}`), { recursive: true })
    for (const file of files) {
      const base = file.split('/').at(-1)!
      cpSync(join(KUBERNETES, file), join(volume, `..${version}`, base))
      if (version === '1') symlinkSync(`..data/${base}`, join(volume, base))
    }
    symlinkSync(`..${version}`, join(volume, '..next'))
    renameSync(join(volume, '..next'), join(volume, '..data'))
    return volume
  }

  test('the configuration is sound, and listens where the manifests say', () => {
    const zones = project('zones', ['zones/example.com.zone'], '1')
    const config = project('config', ['config/meridian.yaml'], '1')
    const file = join(config, 'meridian.yaml')
    const text = readFileSync(file, 'utf8')
    const mounted = new Map(director.volumeMounts.map(({ name, mountPath }) => [name, mountPath]))
    expect(text).toContain(`zones: ${mounted.get('zones')!}\n`)
    expect(text).toContain(`state: ${mounted.get('state')!}\n`)
    writeFileSync(file, text.replace(mounted.get('zones')!, zones))
    const loaded = loadConfig(file)
    expect(loaded.faults).toEqual([])
    const checked = spawnSync(process.execPath, [MAIN, 'check', '--config', file], { encoding: 'utf8' })
    expect(checked.stdout + checked.stderr).toBe(`sound: ${file}: 1 zone, 2 regions, 1 service\n`)
    expect(loaded.config?.listen.map(({ port }) => port)).toEqual([director.ports![0]!.containerPort])
    expect(loaded.config?.admin?.listen).toMatchObject({ host: '127.0.0.1', port: director.ports![2]!.containerPort })
  })

  test('a change is told to the director until it has judged it, and of its API metrics alone are shown', async () => {
    const answers = [503, 500, 422]
    const asked: string[] = []
    const api = createServer((request, response) => {
      if (request.url === '/metrics') return response.end('meridian_frozen 0\n')
      asked.push(describeRequest(request))
      return response.writeHead(answers[asked.length - 1] ?? 200).end()
    })
    api.listen(0, '127.0.0.1')
    await once(api, 'listening')
    const volume = project('zones', ['zones/example.com.zone'], '1')
    const port = await freePort()
    const env = {
      ...{ FOLDERS: volume, INTERVAL_MS: '20', METRICS_HOST: '127.0.0.1', METRICS_PORT: String(port) },
      SERVER: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
    }
    const program = join(KUBERNETES, 'sidecar.ts')
    const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      await once(child.stdout, 'data')
      expect(asked).toEqual([])
      project('zones', ['zones/example.com.zone'], '2')
      await until('three tries', () => (asked.length >= 3 ? true : undefined))
      project('zones', ['zones/example.com.zone'], '3')
      await until('another', () => (asked.length >= 4 ? true : undefined))
      expect(asked).toEqual(Array(4).fill('POST /v1/reload application/json'))
      const shown = `http://127.0.0.1:${port}`
      expect(await (await fetch(`${shown}/metrics`)).text()).toBe('meridian_frozen 0\n')
      expect((await fetch(`${shown}/v1/status`)).status).toBe(404)
      api.closeAllConnections()
      await new Promise((closed) => api.close(closed))
      expect((await fetch(`${shown}/metrics`)).status).toBe(502)
    } finally {
      child.kill('SIGKILL')
      api.close()
    }
  })
})

function describeRequest({ method, url, headers }: IncomingMessage): string {
  return `${method!} ${url!} ${headers['content-type']!}`
}
