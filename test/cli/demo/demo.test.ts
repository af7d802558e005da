import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { textOf } from '../../../src/director/address-text.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { loadZone } from '../../../src/zone/load.ts'
import { DEMO_CONFIG, DEMO_SITES } from '../../../src/cli/demo/demo.ts'
import { freeSites, isAlive, until } from './sites.ts'

const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

async function play(mode = 'plain', sites?: unknown) {
  const places = JSON.stringify(sites ?? (await freeSites()))
  const child = spawn(process.execPath, [join(import.meta.dirname, 'play.ts'), places, mode], { stdio: 'pipe' })
  children.push(child)
  const said = { output: '', errors: '' }
  child.stdout.on('data', (data: Buffer) => (said.output += data.toString()))
  child.stderr.on('data', (data: Buffer) => (said.errors += data.toString()))
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  const pids = () => Array.from(said.output.matchAll(/as process (\d+)/g), ([, pid]) => Number(pid))
  return {
    child,
    said,
    ended,
    pids,
    ready: () => until('the start', () => said.output.includes('Ctrl-C') || undefined),
  }
}

test('plain: what runs, what to try, and what happens', async () => {
  const { child, said, ended, pids, ready } = await play()
  await ready()
  expect(said.output).toContain('dig +short @127.0.0.1 -p 5300 www.example.com +subnet=3.120.0.0/24')
  expect(pids()).toHaveLength(3)
  await until('an event of the director', () => said.output.includes('eu-west is up: 200') || undefined)
  process.kill(pids()[0]!, 'SIGTERM')
  await until('the death', () => /us-east: process \d+ died \(SIGTERM\)/.test(said.output) || undefined)
  await until('the new start', () => said.output.includes('us-east: started again') || undefined)
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
  expect(said.output).toMatch(/the demo ends; its regions are stopped\n$/)
  expect(said.errors).toBe('')
  expect(pids().filter(isAlive)).toEqual([])
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends it cleanly', async (signal) => {
  const { child, ended, pids, ready } = await play()
  await ready()
  child.kill(signal)
  expect(await ended).toBe(0)
  expect(pids().filter(isAlive)).toEqual([])
})

test('regions do not outlive a demo that was killed', async () => {
  const { child, pids, ready } = await play()
  await ready()
  child.kill('SIGKILL')
  await until('the end of all regions', () => !pids().some(isAlive) || undefined)
})

test('a closed pipe ends it', async () => {
  const { child, ended, pids, ready } = await play()
  await ready()
  child.stdout.destroy()
  process.kill(pids()[0]!, 'SIGKILL')
  expect(await ended).toBe(0)
  expect(pids().filter(isAlive)).toEqual([])
})

test('a director that cannot start is one line, and nothing is left', async () => {
  const { said, ended } = await play('taken')
  expect(await ended).toBe(1)
  expect(said.errors).toMatch(/^meridian demo: 127\.0\.0\.1:5300 is taken, state would be .*\n$/)
  expect(existsSync(/state would be (.*)\n/.exec(said.errors)![1]!)).toBe(false)
})

test('a taken place of a region is one line', async () => {
  const sites = await freeSites()
  const other = createServer().listen(sites[1]!.port, sites[1]!.address)
  await once(other, 'listening')
  const { said, ended } = await play('plain', sites)
  expect(await ended).toBe(1)
  other.close()
  expect(said.errors).toMatch(/^meridian demo: cannot listen on 127\.2\.0\.1:\d+: another program has it.*\n$/)
})

test('the regions stand where the configuration looks for them, and neither it nor its zone has a fault', () => {
  const { config, faults } = loadConfig(DEMO_CONFIG)
  expect(faults).toEqual([])
  const places = Array.from(config!.regions.values(), ({ name, balancers, monitor }) => ({
    name,
    address: textOf(balancers[0]!.address),
    port: monitor && 'port' in monitor && monitor.port,
  }))
  expect(places).toEqual(DEMO_SITES)
  const services = [...config!.services.keys()]
  const load = loadZone(join(config!.zones, 'example.com.zone'), { services: new Set(services) })
  expect(load.faults).toEqual([])
  expect(load.zone?.services.toSorted()).toEqual(services.toSorted())
})
