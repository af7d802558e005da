// deploy/README.md, beside its commands (test/integration/readme.test.ts): its links lead somewhere, and its figures are those
// that README says were measured.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { anchorsOf } from '../support/anchors.ts'
import { README } from '../support/readme-reference.ts'

const GUIDE = join(README, '../deploy/README.md')
const guide = readFileSync(GUIDE, 'utf8')

test('links of the guide lead to files and headings that there are', () => {
  const links = [...guide.matchAll(/\]\(([^)#]*)#?([^)]*)\)/g)]
  expect(links.length).toBeGreaterThan(10)
  for (const [link, path = '', anchor = ''] of links) {
    const file = path === '' ? GUIDE : join(dirname(GUIDE), path)
    expect(existsSync(file), link).toBe(true)
    if (anchor !== '') expect(anchorsOf(readFileSync(file, 'utf8')), link).toContain(anchor)
  }
})

test('figures of sizing stand in README', () => {
  const [, sizing = ''] = /\n## Sizing\n(.*?)\n## /s.exec(guide) ?? []
  const figures = [...sizing.matchAll(/\*\*(.+?)\*\*/g)].map(([, figure]) => figure!)
  expect(figures.length).toBeGreaterThan(5)
  const readme = readFileSync(README, 'utf8')
  expect(figures.filter((figure) => !readme.includes(figure))).toEqual([])
})
