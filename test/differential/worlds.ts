// What is served: worlds of zones, each world by one process of every server. The zones of `zones/` are written by hand,
// one idea each; large and random ones are made (made-zones.ts). The root zone would catch every name, so it and the
// zones beside it are a world of their own.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bigZone, longNamesZone, randomZones, type TestZone } from './made-zones.ts'

export interface World {
  readonly name: string
  readonly zones: readonly TestZone[]
}

const FOLDER = join(import.meta.dirname, 'zones')

export function makeWorlds(seed: number): World[] {
  const written = readdirSync(FOLDER).sort().map(readZone)
  const root = written.filter(({ origin }) => origin === '.')
  const others = written.filter(({ origin }) => origin !== '.')
  const beside = others.filter(({ origin }) => ['plain.test.', 'x.', 'dname.test.'].includes(origin))
  return [
    { name: 'many', zones: [...others, bigZone(), longNamesZone(), ...randomZones(seed)] },
    { name: 'root', zones: [...root, ...beside] },
  ]
}

/** `plain.test.zone` holds plain.test; `root.zone` holds the root. */
export function readZone(file: string): TestZone {
  const origin = file === 'root.zone' ? '.' : file.slice(0, -'zone'.length)
  return { origin, text: readFileSync(join(FOLDER, file), 'utf8') }
}
