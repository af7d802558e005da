// Rdata from text, for tests of this folder.
import { expect } from 'vitest'
import { parseName } from '../../src/dns/name.ts'
import { parseRdata } from '../../src/dns/rdata/rdata.ts'
import { Tokens } from '../../src/dns/tokens.ts'
import { parseType } from '../../src/dns/types.ts'
import { Writer } from '../../src/dns/writer.ts'

export const ORIGIN = parseName('example.com.') as Uint8Array

/** The wire form, or the code of what is wrong. */
export function parse(type: string, text: string): Uint8Array | string {
  const out = new Writer()
  const problem = parseRdata(parseType(type)!, Tokens.of(text), out, ORIGIN)
  if (problem) expect(out.length).toBe(0)
  return problem ? problem.code : out.slice()
}

export function wireOf(type: string, text: string): Uint8Array {
  const wire = parse(type, text)
  if (typeof wire === 'string') throw new Error(`${type} ${text}: ${wire}`)
  return wire
}
