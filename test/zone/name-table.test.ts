import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatName, parentOf, parseName, type Name } from '../../src/dns/name.ts'
import { NameTable } from '../../src/zone/name-table.ts'

function nameOf(text: string): Name {
  const name = parseName(text)
  if (typeof name === 'string') throw new Error(`${text}: ${name}`)
  return name
}

test('gives each name one id, with every parent before it, however much it grows', () => {
  const label = fc.stringMatching(/^[a-c]{1,3}$/)
  const names = fc.array(fc.array(label, { maxLength: 6 }), { minLength: 300, maxLength: 600 })
  fc.assert(
    fc.property(names, (lists) => {
      const table = new NameTable()
      const ids = new Map<string, number>([['.', 0]])
      for (const labels of lists) {
        const name = nameOf(`${labels.join('.')}.`)
        for (let above: Name | undefined = name; above; above = parentOf(above)) ids.set(formatName(above), -1)
        ids.set(formatName(name), table.intern(name, 0, name.length))
      }
      expect(table.count).toBe(ids.size)
      for (const text of ids.keys()) {
        const name = nameOf(text)
        const id = table.find(name, 0, name.length)
        expect(formatName(table.nameOf(id))).toBe(text)
        const above = parentOf(name)
        expect(table.parent.at(id)).toBe(above ? table.find(above, 0, above.length) : -1)
        expect(table.parent.at(id)).toBeLessThan(id)
      }
    }),
    { numRuns: 30 },
  )
})

test('finds no name that is not there, nor by a part of another', () => {
  const table = new NameTable()
  const name = nameOf('a.b.example.')
  table.intern(name, 0, name.length)
  for (const text of ['c.', 'a.', 'a.b.', 'b.example.com.', 'a.b.example.x.']) {
    const other = nameOf(text)
    expect(table.find(other, 0, other.length)).toBe(-1)
  }
})
